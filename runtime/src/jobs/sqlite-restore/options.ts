import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** What a person says for one run of it: which file. */
export const sqliteRestoreInput = z.strictObject({
  backup: described(
    z.optional(Text),
    "File name of one of the backups.",
    "ventas_20260106_220000.db",
  ),
  upload: described(
    z.optional(Text),
    "File name of an uploaded database, instead of a backup.",
    "ventas.db",
  ),
  sha256: described(
    z.optional(z.string().check(z.regex(/^[0-9a-fA-F]{64}$/))),
    "The SHA-256 that the file must have; without it the one in the backup's note or the upload's receipt.",
  ),
});

/** What specs and manifests may say of a `sqlite-restore` job. */
export const sqliteRestoreJob = {
  description:
    "Puts a backup or an uploaded file in place of a SQLite database, with a safety copy, and brings the old one back when the app is not well with it.",
  get options() {
    return z.strictObject({
      database: described(FilePath, "The database file that is replaced."),
      directory: described(FilePath, "Where the backups are."),
      prefix: described(
        z.optional(Text),
        "How the names of the backups begin; the database's name and _ without it, as for sqlite-backup.",
        "ventas_",
      ),
      uploads: described(
        z.optional(FilePath),
        "Where uploaded files are; `uploads` in the backups' directory without it.",
      ),
      uploadMaxMb: described(
        z.optional(Positive),
        "The largest uploaded file, in MB of 1,048,576 bytes; 1024 without it.",
      ),
      tables: described(
        z.optional(z.array(Text)),
        "Tables without which a file is another app's database and is refused.",
        ["usuarios"],
      ),
      schema: described(
        z.optional(z.enum(["any", "same"])),
        "`same` refuses a file whose tables, columns or user_version are not those of the present database, such as one from before a migration; `any` (the default) does not.",
      ),
    });
  },
  input: sqliteRestoreInput,
  needsDisk: true,
  byHandOnly: true,
} as const satisfies CatalogJob;
