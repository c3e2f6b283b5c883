import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { FilePath, Text } from "../option-kind.ts";

/** What specs and manifests may say of a `command` job. */
export const commandJob = {
  description: "Runs a command of the app's own.",
  options: z.strictObject({
    command: z.optional(Text),
    cwd: z.optional(FilePath),
  }),
} as const satisfies CatalogJob;
