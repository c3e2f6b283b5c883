import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** Encrypted, except to a test's server on the same machine: a database is all that there is to steal. */
const Endpoint = z
  .string()
  .check(z.regex(/^(https:\/\/[^/?#\s]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)\/?$/));

/** What specs and manifests may say of an `offsite-copy` job. */
export const offsiteCopyJob = {
  description:
    "Copies the newest verified backups to a bucket of a service that speaks S3, and looks that they arrived.",
  get options() {
    return z.strictObject({
      directory: described(FilePath, "Where the backups are."),
      prefix: described(Text, "How the names of the backups begin.", "ventas_"),
      endpoint: described(
        Endpoint,
        "Address of the service, without the bucket; https.",
        "https://s3.eu-central-1.amazonaws.com",
      ),
      bucket: described(Text, "Name of the bucket.", "shop-backups"),
      region: described(
        z.optional(Text),
        "Region of the bucket; us-east-1 without it. R2 calls it auto.",
        "eu-central-1",
      ),
      folder: described(
        z.optional(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/))),
        "What stands before the file names in the bucket; nothing without it.",
        "shop/backups",
      ),
      accessKeyEnv: described(
        z.optional(EnvName),
        "Variable with the access key id; AWS_ACCESS_KEY_ID without it.",
      ),
      secretKeyEnv: described(
        z.optional(EnvName),
        "Variable with the secret access key; AWS_SECRET_ACCESS_KEY without it.",
      ),
      newest: described(
        z.optional(Positive),
        "How many of the newest backups are copied, so that a missed run is made up for; 3 without it.",
      ),
      keep: described(
        z.optional(Positive),
        "How many are kept in the bucket, the newest by name; all of them without it.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
