import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Count, FilePath, Positive } from "../job.ts";

/** The job `sqlite-backup`. */
export const sqliteBackupJob = {
  description: "Copies a live SQLite database, verifies the copy and keeps the newest copies.",
  get options() {
    return z.strictObject({
      database: FilePath,
      directory: FilePath,
      prefix: z.optional(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/))),
      keep: z.optional(Positive),
      reason: z.optional(z.enum(["periodic", "aligned_schedule"])),
      spacingSeconds: z.optional(Count),
      startSpacingSeconds: z.optional(Count),
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
