import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** The job `sqlite-restore`. */
export const sqliteRestoreJob = {
  description:
    "Replaces a SQLite database with a backup or an uploaded file. Makes a safety copy first, and rolls back if the app is not healthy afterwards.",
  get options() {
    return z.strictObject({
      database: FilePath,
      directory: FilePath,
      prefix: z.optional(Text),
      uploads: z.optional(FilePath),
      uploadMaxMb: z.optional(Positive),
      tables: z.optional(z.array(Text)),
      schema: z.optional(z.enum(["any", "same"])),
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
