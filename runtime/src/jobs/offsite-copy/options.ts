import * as z from "zod/mini";
import { EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** Requires TLS, except for a test server on the same machine. */
const ENDPOINT = /^(https:\/\/[^/?#\s]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)\/?$/;

/** The job `offsite-copy`. */
export const offsiteCopyJob = {
  description:
    "Copies the newest verified backups to an S3-compatible bucket and verifies the copies.",
  get options() {
    return z.strictObject({
      directory: FilePath,
      prefix: Text,
      endpoint: z.string().check(z.regex(ENDPOINT)),
      bucket: Text,
      region: z.optional(Text),
      folder: z.optional(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/))),
      accessKeyEnv: z.optional(EnvName),
      secretKeyEnv: z.optional(EnvName),
      newest: z.optional(Positive),
      keep: z.optional(Positive),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
