import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** What specs and manifests may say of a `reconcile` job. */
export const reconcileJob = {
  description:
    "Works through open entries, some at a time, with a command of the app's own that says what became of them.",
  get options() {
    return z.strictObject({
      command: described(
        Text,
        "What is run by /bin/sh. It finds the limit in OPSPEC_LIMIT, and exits with 0 unless it could not work at all.",
        "pnpm webhooks:reconcile",
      ),
      limit: described(
        z.optional(Positive),
        "Most entries of one run, oldest first; 20 without it.",
        20,
      ),
      limitEnv: described(
        z.optional(EnvName),
        "The app's own variable for the limit, set besides OPSPEC_LIMIT.",
        "WEBHOOK_REPLAY_LIMIT",
      ),
      cwd: described(
        z.optional(FilePath),
        "Where it is run; the app's directory without it.",
        "apps/api",
      ),
    });
  },
  get input() {
    return z.strictObject({
      limit: described(z.optional(Positive), "Most entries of this run, instead of the option.", 5),
    });
  },
} as const satisfies CatalogJob;
