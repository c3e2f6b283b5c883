import * as z from "zod/mini";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** What a person says for one run of it: which file. */
export const sqliteRestoreInput = z.strictObject({
  backup: z.optional(Text).check(
    z.meta({
      description: "File name of one of the backups.",
      examples: ["ventas_20260106_220000.db"],
    }),
  ),
  upload: z.optional(Text).check(
    z.meta({
      description: "File name of an uploaded database, instead of a backup.",
      examples: ["ventas.db"],
    }),
  ),
  sha256: z.optional(z.string().check(z.regex(/^[0-9a-fA-F]{64}$/))).check(
    z.meta({
      description:
        "The SHA-256 that the file must have; without it the one in the backup's note or the upload's receipt.",
    }),
  ),
});

/** What specs and manifests may say of a `sqlite-restore` job. */
export const sqliteRestoreJob = {
  description:
    "Puts a backup or an uploaded file in place of a SQLite database, with a safety copy, and brings the old one back when the app is not well with it.",
  get options() {
    return z.strictObject({
      database: FilePath.check(z.meta({ description: "The database file that is replaced." })),
      directory: FilePath.check(z.meta({ description: "Where the backups are." })),
      prefix: z.optional(Text).check(
        z.meta({
          description:
            "How the names of the backups begin; the database's name and _ without it, as for sqlite-backup.",
          examples: ["ventas_"],
        }),
      ),
      uploads: z.optional(FilePath).check(
        z.meta({
          description: "Where uploaded files are; `uploads` in the backups' directory without it.",
        }),
      ),
      uploadMaxMb: z.optional(Positive).check(
        z.meta({
          description: "The largest uploaded file, in MB of 1,048,576 bytes; 1024 without it.",
        }),
      ),
      tables: z.optional(z.array(Text)).check(
        z.meta({
          description: "Tables without which a file is another app's database and is refused.",
          examples: [["usuarios"]],
        }),
      ),
      schema: z.optional(z.enum(["any", "same"])).check(
        z.meta({
          description:
            "`same` refuses a file whose tables, columns or user_version are not those of the present database, such as one from before a migration; `any` (the default) does not.",
        }),
      ),
    });
  },
  input: sqliteRestoreInput,
  needsDisk: true,
  byHandOnly: true,
} as const satisfies CatalogJob;
