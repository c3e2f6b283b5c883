import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Text } from "../job.ts";

/** What specs and manifests may say of a `command` job. */
export const commandJob = {
  description:
    "Runs a command of the app's own by a shell, with the app's environment; a spec says `command:` instead of `uses:`.",
  get options() {
    return z.strictObject({
      command: described(
        z.optional(Text),
        "What is run by /bin/sh; a spec says it beside the options.",
        "pnpm webhooks:reconcile",
      ),
      cwd: described(
        z.optional(FilePath),
        "Where it is run; the app's directory without it.",
        "services/worker",
      ),
    });
  },
} as const satisfies CatalogJob;
