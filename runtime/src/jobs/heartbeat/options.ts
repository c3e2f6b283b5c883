import * as z from "zod/mini";
import { EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath } from "../job.ts";

/** The job `heartbeat`. */
export const heartbeatJob = {
  description: "Writes a CSV snapshot of versions, directories and the variables that are set.",
  get options() {
    return z.strictObject({
      directory: z.optional(FilePath),
      directories: z.optional(z.array(FilePath)),
      variables: z.optional(z.array(EnvName)),
      programs: z.optional(z.array(FilePath)),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
