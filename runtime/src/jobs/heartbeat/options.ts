import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath } from "../job.ts";

/** The job `heartbeat`. */
export const heartbeatJob = {
  description: "Writes a CSV snapshot of versions, directories and the variables that are set.",
  get options() {
    return z.strictObject({
      directory: described(
        z.optional(FilePath),
        "Directory for the snapshots. Default: snapshots.",
      ),
      directories: described(
        z.optional(z.array(FilePath)),
        "More directories to check. Missing ones are created. Default: none.",
      ),
      variables: described(
        z.optional(z.array(EnvName)),
        "Environment variables to check. The snapshot shows whether they are set, never their values.",
        ["SENDGRID_API_KEY", "DIGEST_EMAIL_TO"],
      ),
      programs: described(
        z.optional(z.array(FilePath)),
        "Programs whose --version the snapshot shows. Default: none.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
