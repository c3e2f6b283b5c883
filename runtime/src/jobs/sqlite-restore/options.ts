import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** The job `sqlite-restore`. */
export const sqliteRestoreJob = {
  description:
    "Replaces a SQLite database with a backup or an uploaded file. Makes a safety copy first, and rolls back if the app is not healthy afterwards.",
  get options() {
    return z.strictObject({
      database: described(FilePath, "Database file to replace."),
      directory: described(FilePath, "Directory of the backups."),
      prefix: described(
        z.optional(Text),
        "Prefix of the backups' file names. Default: the database's name and _, as for sqlite-backup.",
        "ventas_",
      ),
      uploads: described(
        z.optional(FilePath),
        "Directory of uploaded files. Default: `uploads` in the directory of the backups.",
      ),
      uploadMaxMb: described(
        z.optional(Positive),
        "Maximum size of an uploaded file, in MB of 1,048,576 bytes. Default: 1024.",
      ),
      tables: described(
        z.optional(z.array(Text)),
        "Tables that a file must have. A file without them belongs to another app and is refused.",
        ["usuarios"],
      ),
      schema: described(
        z.optional(z.enum(["any", "same"])),
        "`same` refuses a file whose tables, columns or user_version differ from the current database, such as a file from before a migration. `any` accepts it. Default: any.",
      ),
    });
  },
  get input() {
    return z.strictObject({
      backup: described(z.optional(Text), "File name of a backup.", "ventas_20260106_220000.db"),
      upload: described(
        z.optional(Text),
        "File name of an uploaded database, instead of a backup.",
        "ventas.db",
      ),
      sha256: described(
        z.optional(z.string().check(z.regex(/^[0-9a-fA-F]{64}$/))),
        "Expected SHA-256 of the file. Default: the one in the backup's note or the upload's receipt.",
      ),
    });
  },
  needsDisk: true,
  byHandOnly: true,
} as const satisfies CatalogJob;
