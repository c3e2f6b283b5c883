import * as z from "zod/mini";
import { type CatalogJob, FilePath, Text } from "../job.ts";

/** The job `command`. */
export const commandJob = {
  description:
    "Runs a command of the app with a shell and the app's environment. A spec writes `command:` instead of `uses:`.",
  get options() {
    return z.strictObject({
      command: z.optional(Text),
      cwd: z.optional(FilePath),
    });
  },
} as const satisfies CatalogJob;
