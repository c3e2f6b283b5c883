import * as z from "zod/mini";
import { described, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Count, FilePath, Positive, Text } from "../job.ts";

/** The job `watchdog`. */
export const watchdogJob = {
  description: "Restarts an app that fails several probes in a row.",
  get options() {
    return z.strictObject({
      url: described(
        z.union([Text, z.array(Text).check(z.minLength(1))]),
        "Pages to probe. Each must answer with a status below 400.",
        ["http://127.0.0.1/health", "http://127.0.0.1:8000/healthz"],
      ),
      failures: described(z.optional(Positive), "Failures in a row before a restart. Default: 2."),
      restart: described(
        z.optional(Text),
        "Command that restarts the app. Default: the runtime restarts the app that it supervises.",
        "systemctl restart parlaygorilla",
      ),
      debug: described(
        z.optional(z.array(Text)),
        "Commands whose output is logged before a restart, with a time limit of 30 s each. Default: none.",
        ["docker compose ps", "docker compose logs --tail 200 api"],
      ),
      cooldownSeconds: described(
        z.optional(Count),
        "Minimum time between two restarts, in seconds, even if the first has not ended. Default: 600.",
      ),
      bootGraceSeconds: described(
        z.optional(Count),
        "Time after the start of the machine in which failures do not count, in seconds. Default: 120.",
      ),
      timeoutSeconds: described(
        z.optional(Seconds),
        "Time limit of one probe, in seconds. Default: 3.",
      ),
      state: described(
        z.optional(FilePath),
        "File with the number of failures and the time of the last restart. Default: watchdog-<job>.json.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
