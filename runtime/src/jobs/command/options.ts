import * as z from "zod/mini";
import { type CatalogJob, FilePath, Text } from "../job.ts";

/** What specs and manifests may say of a `command` job. */
export const commandJob = {
  description:
    "Runs a command of the app's own by a shell, with the app's environment; a spec says `command:` instead of `uses:`.",
  get options() {
    return z.strictObject({
      command: z.optional(Text).check(
        z.meta({
          description: "What is run by /bin/sh; a spec says it beside the options.",
          examples: ["pnpm webhooks:reconcile"],
        }),
      ),
      cwd: z.optional(FilePath).check(
        z.meta({
          description: "Where it is run; the app's directory without it.",
          examples: ["services/worker"],
        }),
      ),
    });
  },
} as const satisfies CatalogJob;
