import * as z from "zod/mini";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** What specs and manifests may say of a `backup-verify` job. */
export const backupVerifyJob = {
  description:
    "Restores the newest backup into a scratch file, looks at all of it and notes beside the backup how that went.",
  get options() {
    return z.strictObject({
      directory: FilePath.check(z.meta({ description: "Where the backups are." })),
      prefix: Text.check(
        z.meta({ description: "How the names of the backups begin.", examples: ["ventas_"] }),
      ),
      tables: z.optional(z.array(Text)).check(
        z.meta({
          description: "Tables that must have rows; without it any table with rows is enough.",
          examples: [["usuarios"]],
        }),
      ),
      minBytes: z
        .optional(Positive)
        .check(z.meta({ description: "The least that a backup has, in bytes; 10240 without it." })),
      withinSeconds: z.optional(Positive).check(
        z.meta({
          description:
            "An older backup says nothing about those of today: the drill is then inconclusive. 172800 (2 days) without it.",
        }),
      ),
      scratch: z.optional(FilePath).check(
        z.meta({
          description:
            "Where the scratch file is written; the system's temporary directory without it.",
        }),
      ),
    });
  },
  get input() {
    return z.strictObject({
      backup: z.optional(Text).check(
        z.meta({
          description: "File name of another backup than the newest, however old.",
          examples: ["ventas_20260106_220000.db"],
        }),
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
