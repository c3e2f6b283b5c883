import * as z from "zod/mini";
import { EnvName } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** What specs and manifests may say of a `reconcile` job. */
export const reconcileJob = {
  description:
    "Works through open entries, some at a time, with a command of the app's own that says what became of them.",
  get options() {
    return z.strictObject({
      command: Text.check(
        z.meta({
          description:
            "What is run by /bin/sh. It finds the limit in OPSPEC_LIMIT, and exits with 0 unless it could not work at all.",
          examples: ["pnpm webhooks:reconcile"],
        }),
      ),
      limit: z.optional(Positive).check(
        z.meta({
          description: "Most entries of one run, oldest first; 20 without it.",
          examples: [20],
        }),
      ),
      limitEnv: z.optional(EnvName).check(
        z.meta({
          description: "The app's own variable for the limit, set besides OPSPEC_LIMIT.",
          examples: ["WEBHOOK_REPLAY_LIMIT"],
        }),
      ),
      cwd: z.optional(FilePath).check(
        z.meta({
          description: "Where it is run; the app's directory without it.",
          examples: ["apps/api"],
        }),
      ),
    });
  },
  get input() {
    return z.strictObject({
      limit: z.optional(Positive).check(
        z.meta({
          description: "Most entries of this run, instead of the option.",
          examples: [5],
        }),
      ),
    });
  },
} as const satisfies CatalogJob;
