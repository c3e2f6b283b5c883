import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Count, FilePath, Positive } from "../job.ts";

/** The job `sqlite-backup`. */
export const sqliteBackupJob = {
  description: "Copies a live SQLite database, verifies the copy and keeps the newest copies.",
  get options() {
    return z.strictObject({
      database: described(FilePath, "Database file. It may be in use."),
      directory: described(FilePath, "Directory for the backups, preferably on another disk."),
      prefix: described(
        z.optional(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/))),
        "Prefix of the file names, before the time in UTC. Default: the database's name and _.",
        "ventas_",
      ),
      keep: described(
        z.optional(Positive),
        "Number of newest backups to keep, by name. Default: 10.",
      ),
      reason: described(
        z.optional(z.enum(["periodic", "aligned_schedule"])),
        "Recorded reason of a scheduled backup. `periodic` skips the backup soon after another one, `aligned_schedule` never skips it. Default: periodic.",
      ),
      spacingSeconds: described(
        z.optional(Count),
        "Minimum time between a periodic backup and the one before, in seconds. Default: 1800.",
      ),
      startSpacingSeconds: described(
        z.optional(Count),
        "Minimum time between a backup at the start and the one before, in seconds. Default: 300.",
      ),
    });
  },
  get input() {
    return z.strictObject({
      reason: described(
        z.optional(z.string().check(z.regex(/^admin_trigger:[^\p{Cc}]{1,100}$/u))),
        "Recorded reason, `admin_trigger:<who>`. Default: who starts the run. The backup is made even if the last one is recent.",
        "admin_trigger:ana",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
