import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Count, FilePath, Positive } from "../job.ts";

/** What a person may say for one run of it. */
export const sqliteBackupInput = z.strictObject({
  reason: described(
    z.optional(z.string().check(z.regex(/^admin_trigger:[^\p{Cc}]{1,100}$/u))),
    "What the backup is recorded as, `admin_trigger:<who>`; who starts the run without it. It is made however young the last one is.",
    "admin_trigger:ana",
  ),
});

/** What specs and manifests may say of a `sqlite-backup` job. */
export const sqliteBackupJob = {
  description: "Copies a live SQLite database, verifies the copy and keeps the newest ones.",
  get options() {
    return z.strictObject({
      database: described(FilePath, "The database file; it stays in use."),
      directory: described(FilePath, "Where the copies are kept, best on another disk."),
      prefix: described(
        z.optional(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/))),
        "How the names of the copies begin, before the time in UTC; the database's name and _ without it.",
        "ventas_",
      ),
      keep: described(
        z.optional(Positive),
        "How many copies are kept, the newest by name; 10 without it.",
      ),
      reason: described(
        z.optional(z.enum(["periodic", "aligned_schedule"])),
        "What a scheduled copy is recorded as: `periodic` (the default) does nothing soon after another copy, `aligned_schedule` always copies.",
      ),
      spacingSeconds: described(
        z.optional(Count),
        "A periodic copy is skipped while another one is younger; 1800 without it.",
      ),
      startSpacingSeconds: described(
        z.optional(Count),
        "A copy at the start is skipped while another one is younger; 300 without it.",
      ),
    });
  },
  input: sqliteBackupInput,
  needsDisk: true,
} as const satisfies CatalogJob;
