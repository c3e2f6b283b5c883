import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** The job `backup-verify`. */
export const backupVerifyJob = {
  description:
    "Restores the newest backup to a scratch file, verifies it and records the result beside the backup (restore drill).",
  get options() {
    return z.strictObject({
      directory: FilePath,
      prefix: Text,
      tables: z.optional(z.array(Text)),
      minBytes: z.optional(Positive),
      withinSeconds: z.optional(Positive),
      scratch: z.optional(FilePath),
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
