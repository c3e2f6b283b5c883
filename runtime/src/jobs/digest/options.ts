import * as z from "zod/mini";
import { MailSettings } from "../../contract/mail.ts";
import { ManifestSource } from "../../contract/source.ts";
import { type CatalogJob, FilePath, Text } from "../job.ts";

/** What specs and manifests may say of a `digest` job. */
export const digestJob = {
  description: "Writes a digest as csv, md and txt and sends it by mail.",
  get options() {
    return z.strictObject({
      source: z.optional(ManifestSource).check(
        z.meta({
          description:
            "Where the rows of the digest are read: a file, a query, a URL or a sheet. Without it the digest says that it has none.",
          examples: [{ kind: "file", path: "data/digest.csv" }],
        }),
      ),
      title: z.optional(Text).check(z.meta({ description: "Its heading; Digest without it." })),
      directory: z.optional(FilePath).check(
        z.meta({
          description: "Where the files are written first; snapshots without it.",
        }),
      ),
      archive: z.optional(FilePath).check(
        z.meta({
          description: "Where they are moved when all three are written; backups without it.",
        }),
      ),
      attachments: z.optional(z.boolean()).check(
        z.meta({
          description:
            "Whether the files are attached to the mail, beside the table in it; not without it.",
        }),
      ),
      mail: z.optional(MailSettings).check(
        z.meta({
          description: "How mail is sent; by SendGrid with SENDGRID_API_KEY without it.",
          examples: [{ kind: "smtp", urlEnv: "SMTP_URL" }],
        }),
      ),
      from: z
        .optional(Text)
        .check(
          z.meta({ description: "Sender of the mail; the value of DIGEST_EMAIL_FROM without it." }),
        ),
      to: z.optional(z.array(Text)).check(
        z.meta({
          description:
            "Receivers of the mail; those of DIGEST_EMAIL_TO, separated by commas, without it.",
        }),
      ),
    });
  },
  get input() {
    return z.strictObject({
      latest: z.optional(z.boolean()).check(
        z.meta({
          description: "Send the newest files of the archive again, and write none.",
        }),
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
