import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath } from "../job.ts";

/** What specs and manifests may say of a `heartbeat` job. */
export const heartbeatJob = {
  description: "Writes a CSV snapshot of versions, directories and variables that are set.",
  get options() {
    return z.strictObject({
      directory: described(
        z.optional(FilePath),
        "Where the snapshots are written; snapshots without it.",
      ),
      directories: described(
        z.optional(z.array(FilePath)),
        "More directories to check beside the one of the snapshots; a missing one is created. None without it.",
      ),
      variables: described(
        z.optional(z.array(EnvName)),
        "Environment variables of which it is told whether they are set, never to what.",
        ["SENDGRID_API_KEY", "DIGEST_EMAIL_TO"],
      ),
      programs: described(
        z.optional(z.array(FilePath)),
        "Programs whose version is recorded, as they answer --version; none without it.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
