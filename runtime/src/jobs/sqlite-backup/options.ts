import * as z from "zod/mini";
import { type CatalogJob, Count, FilePath, Positive } from "../job.ts";

/** What a person may say for one run of it. */
export const sqliteBackupInput = z.strictObject({
  reason: z.optional(z.string().check(z.regex(/^admin_trigger:[^\p{Cc}]{1,100}$/u))).check(
    z.meta({
      description:
        "What the backup is recorded as, `admin_trigger:<who>`; who starts the run without it. It is made however young the last one is.",
      examples: ["admin_trigger:ana"],
    }),
  ),
});

/** What specs and manifests may say of a `sqlite-backup` job. */
export const sqliteBackupJob = {
  description: "Copies a live SQLite database, verifies the copy and keeps the newest ones.",
  get options() {
    return z.strictObject({
      database: FilePath.check(z.meta({ description: "The database file; it stays in use." })),
      directory: FilePath.check(
        z.meta({ description: "Where the copies are kept, best on another disk." }),
      ),
      prefix: z.optional(z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/))).check(
        z.meta({
          description:
            "How the names of the copies begin, before the time in UTC; the database's name and _ without it.",
          examples: ["ventas_"],
        }),
      ),
      keep: z.optional(Positive).check(
        z.meta({
          description: "How many copies are kept, the newest by name; 10 without it.",
        }),
      ),
      reason: z.optional(z.enum(["periodic", "aligned_schedule"])).check(
        z.meta({
          description:
            "What a scheduled copy is recorded as: `periodic` (the default) does nothing soon after another copy, `aligned_schedule` always copies.",
        }),
      ),
      spacingSeconds: z.optional(Count).check(
        z.meta({
          description: "A periodic copy is skipped while another one is younger; 1800 without it.",
        }),
      ),
      startSpacingSeconds: z.optional(Count).check(
        z.meta({
          description:
            "A copy at the start is skipped while another one is younger; 300 without it.",
        }),
      ),
    });
  },
  input: sqliteBackupInput,
  needsDisk: true,
} as const satisfies CatalogJob;
