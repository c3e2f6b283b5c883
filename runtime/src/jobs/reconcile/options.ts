import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** The job `reconcile`. */
export const reconcileJob = {
  description:
    "Processes open entries in batches with a command of the app, which reports the result of each entry.",
  get options() {
    return z.strictObject({
      command: described(
        Text,
        "Command for /bin/sh. It reads the limit from OPSPEC_LIMIT and exits with 0 unless it could not work at all.",
        "pnpm webhooks:reconcile",
      ),
      limit: described(
        z.optional(Positive),
        "Maximum number of entries in one run, oldest first. Default: 20.",
        20,
      ),
      limitEnv: described(
        z.optional(EnvName),
        "The app's own variable for the limit, set in addition to OPSPEC_LIMIT.",
        "WEBHOOK_REPLAY_LIMIT",
      ),
      cwd: described(
        z.optional(FilePath),
        "Working directory. Default: the app's directory.",
        "apps/api",
      ),
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
