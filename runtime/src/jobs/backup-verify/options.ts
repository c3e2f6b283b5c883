import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** The job `backup-verify`. */
export const backupVerifyJob = {
  description:
    "Restores the newest backup to a scratch file, verifies it and records the result beside the backup (restore drill).",
  get options() {
    return z.strictObject({
      directory: described(FilePath, "Directory of the backups."),
      prefix: described(Text, "Prefix of the backups' file names.", "ventas_"),
      tables: described(
        z.optional(z.array(Text)),
        "Tables that must have rows. Default: at least one table has rows.",
        ["usuarios"],
      ),
      minBytes: described(
        z.optional(Positive),
        "Minimum size of a backup, in bytes. Default: 10240.",
      ),
      withinSeconds: described(
        z.optional(Positive),
        "Maximum age of the newest backup, in seconds. If it is older, the drill is inconclusive. Default: 172800 (2 days).",
      ),
      scratch: described(
        z.optional(FilePath),
        "Directory for the scratch file. Default: the system's temporary directory.",
      ),
    });
  },
  get input() {
    return z.strictObject({
      backup: described(
        z.optional(Text),
        "File name of the backup to verify, of any age. Default: the newest.",
        "ventas_20260106_220000.db",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
