import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** Requires TLS, except for a test server on the same machine. */
const ENDPOINT = /^(https:\/\/[^/?#\s]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)\/?$/;

/** The job `offsite-copy`. */
export const offsiteCopyJob = {
  description:
    "Copies the newest verified backups to an S3-compatible bucket and verifies the copies.",
  get options() {
    return z.strictObject({
      directory: described(FilePath, "Directory of the backups."),
      prefix: described(Text, "Prefix of the backups' file names.", "ventas_"),
      endpoint: described(
        z.string().check(z.regex(ENDPOINT)),
        "HTTPS address of the service, without the bucket.",
        "https://s3.eu-central-1.amazonaws.com",
      ),
      bucket: described(Text, "Name of the bucket.", "shop-backups"),
      region: described(
        z.optional(Text),
        "Region of the bucket. R2 calls it auto. Default: us-east-1.",
        "eu-central-1",
      ),
      folder: described(
        z.optional(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/))),
        "Prefix of the object keys. Default: none.",
        "shop/backups",
      ),
      accessKeyEnv: described(
        z.optional(EnvName),
        "Environment variable with the access key id. Default: AWS_ACCESS_KEY_ID.",
      ),
      secretKeyEnv: described(
        z.optional(EnvName),
        "Environment variable with the secret access key. Default: AWS_SECRET_ACCESS_KEY.",
      ),
      newest: described(
        z.optional(Positive),
        "Number of newest backups to copy, so that a run makes up for a missed one. Default: 3.",
      ),
      keep: described(
        z.optional(Positive),
        "Number of newest backups to keep in the bucket, by name. Default: all.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
