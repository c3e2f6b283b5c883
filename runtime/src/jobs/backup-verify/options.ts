import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { FilePath } from "../option-kind.ts";

/** What specs and manifests may say of a `backup-verify` job. */
export const backupVerifyJob = {
  description: "Restores the newest backup into a scratch file and looks at it.",
  options: z.strictObject({
    directory: FilePath,
    prefix: z.optional(z.string()),
    tables: z.optional(z.array(z.string())),
  }),
  needsDisk: true,
} as const satisfies CatalogJob;
