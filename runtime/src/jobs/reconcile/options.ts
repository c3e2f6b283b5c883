import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** The job `reconcile`. */
export const reconcileJob = {
  description:
    "Processes open entries in batches with a command of the app, which reports the result of each entry.",
  get options() {
    return z.strictObject({
      command: Text,
      limit: z.optional(Positive),
      limitEnv: z.optional(EnvName),
      cwd: z.optional(FilePath),
    });
  },
  get input() {
    return z.strictObject({
      limit: described(
        z.optional(Positive),
        "Maximum number of entries in this run. Overrides the option.",
        5,
      ),
    });
  },
} as const satisfies CatalogJob;
