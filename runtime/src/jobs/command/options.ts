import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Text } from "../job.ts";

/** The job `command`. */
export const commandJob = {
  description:
    "Runs a command of the app with a shell and the app's environment. A spec writes `command:` instead of `uses:`.",
  get options() {
    return z.strictObject({
      command: described(
        z.optional(Text),
        "Command for /bin/sh. A spec writes it beside the options.",
        "pnpm webhooks:reconcile",
      ),
      cwd: described(
        z.optional(FilePath),
        "Working directory. Default: the app's directory.",
        "services/worker",
      ),
    });
  },
} as const satisfies CatalogJob;
