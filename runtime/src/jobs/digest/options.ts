import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { MailSettings } from "../../contract/mail.ts";
import { ManifestSource } from "../../contract/source.ts";
import { type CatalogJob, FilePath, Text } from "../job.ts";

/** The job `digest`. */
export const digestJob = {
  description: "Writes a digest as csv, md and txt and sends it by mail.",
  get options() {
    return z.strictObject({
      source: described(
        z.optional(ManifestSource),
        "Source of the rows: a file, a query, a URL or a sheet. Without it the digest has no rows.",
        { kind: "file", path: "data/digest.csv" },
      ),
      title: described(z.optional(Text), "Heading. Default: Digest."),
      directory: described(
        z.optional(FilePath),
        "Directory in which the files are written first. Default: snapshots.",
      ),
      archive: described(
        z.optional(FilePath),
        "Directory to which the three finished files move. Default: backups.",
      ),
      attachments: described(
        z.optional(z.boolean()),
        "Attach the files to the mail, in addition to its table. Default: false.",
      ),
      mail: described(
        z.optional(MailSettings),
        "How to send mail. Default: SendGrid with SENDGRID_API_KEY.",
        { kind: "smtp", urlEnv: "SMTP_URL" },
      ),
      from: described(z.optional(Text), "Sender of the mail. Default: DIGEST_EMAIL_FROM."),
      to: described(
        z.optional(z.array(Text)),
        "Recipients of the mail. Default: DIGEST_EMAIL_TO, separated by commas.",
      ),
    });
  },
  get input() {
    return z.strictObject({
      latest: described(
        z.optional(z.boolean()),
        "Send the newest files of the archive again and write none.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
