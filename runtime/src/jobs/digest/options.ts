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
      source: z.optional(ManifestSource),
      title: z.optional(Text),
      directory: z.optional(FilePath),
      archive: z.optional(FilePath),
      attachments: z.optional(z.boolean()),
      mail: z.optional(MailSettings),
      from: z.optional(Text),
      to: z.optional(z.array(Text)),
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
