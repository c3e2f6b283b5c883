import * as z from "zod/mini";
import { EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath } from "../job.ts";

/** What specs and manifests may say of a `heartbeat` job. */
export const heartbeatJob = {
  description: "Writes a CSV snapshot of versions, directories and variables that are set.",
  get options() {
    return z.strictObject({
      directory: z.optional(FilePath).check(
        z.meta({
          description: "Where the snapshots are written; snapshots without it.",
        }),
      ),
      directories: z.optional(z.array(FilePath)).check(
        z.meta({
          description:
            "More directories to check beside the one of the snapshots; a missing one is created. None without it.",
        }),
      ),
      variables: z.optional(z.array(EnvName)).check(
        z.meta({
          description:
            "Environment variables of which it is told whether they are set, never to what.",
          examples: [["SENDGRID_API_KEY", "DIGEST_EMAIL_TO"]],
        }),
      ),
      programs: z.optional(z.array(FilePath)).check(
        z.meta({
          description:
            "Programs whose version is recorded, as they answer --version; none without it.",
        }),
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
