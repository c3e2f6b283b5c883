import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { MailSettings } from "../../contract/mail.ts";
import { ManifestSource } from "../../contract/source.ts";
import { type CatalogJob, FilePath, Text } from "../job.ts";

/** What specs and manifests may say of a `digest` job. */
export const digestJob = {
  description: "Writes a digest as csv, md and txt and sends it by mail.",
  get options() {
    return z.strictObject({
      source: described(
        z.optional(ManifestSource),
        "Where the rows of the digest are read: a file, a query, a URL or a sheet. Without it the digest says that it has none.",
        { kind: "file", path: "data/digest.csv" },
      ),
      title: described(z.optional(Text), "Its heading; Digest without it."),
      directory: described(
        z.optional(FilePath),
        "Where the files are written first; snapshots without it.",
      ),
      archive: described(
        z.optional(FilePath),
        "Where they are moved when all three are written; backups without it.",
      ),
      attachments: described(
        z.optional(z.boolean()),
        "Whether the files are attached to the mail, beside the table in it; not without it.",
      ),
      mail: described(
        z.optional(MailSettings),
        "How mail is sent; by SendGrid with SENDGRID_API_KEY without it.",
        { kind: "smtp", urlEnv: "SMTP_URL" },
      ),
      from: described(
        z.optional(Text),
        "Sender of the mail; the value of DIGEST_EMAIL_FROM without it.",
      ),
      to: described(
        z.optional(z.array(Text)),
        "Receivers of the mail; those of DIGEST_EMAIL_TO, separated by commas, without it.",
      ),
    });
  },
  get input() {
    return z.strictObject({
      latest: described(
        z.optional(z.boolean()),
        "Send the newest files of the archive again, and write none.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
