import * as z from "zod/mini";
import { ManifestSource } from "../../contract/source.ts";
import type { CatalogJob } from "../catalog-job.ts";
import { FilePath, Text } from "../option-kind.ts";

/** What specs and manifests may say of a `digest` job. */
export const digestJob = {
  description: "Writes a digest as csv, md and txt and sends it by mail.",
  options: z.strictObject({
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
        description: "Whether the files are attached to the mail, beside the table in it.",
      }),
    ),
  }),
  needsDisk: true,
} as const satisfies CatalogJob;
