import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** What specs and manifests may say of a `backup-verify` job. */
export const backupVerifyJob = {
  description:
    "Restores the newest backup into a scratch file, looks at all of it and notes beside the backup how that went.",
  get options() {
    return z.strictObject({
      directory: described(FilePath, "Where the backups are."),
      prefix: described(Text, "How the names of the backups begin.", "ventas_"),
      tables: described(
        z.optional(z.array(Text)),
        "Tables that must have rows; without it any table with rows is enough.",
        ["usuarios"],
      ),
      minBytes: described(
        z.optional(Positive),
        "The least that a backup has, in bytes; 10240 without it.",
      ),
      withinSeconds: described(
        z.optional(Positive),
        "An older backup says nothing about those of today: the drill is then inconclusive. 172800 (2 days) without it.",
      ),
      scratch: described(
        z.optional(FilePath),
        "Where the scratch file is written; the system's temporary directory without it.",
      ),
    });
  },
  get input() {
    return z.strictObject({
      backup: described(
        z.optional(Text),
        "File name of another backup than the newest, however old.",
        "ventas_20260106_220000.db",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
