import * as z from "zod/mini";
import { described, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Count, FilePath, Positive, Text } from "../job.ts";

/** What specs and manifests may say of a `watchdog` job. */
export const watchdogJob = {
  description: "Restarts what does not answer several times in a row.",
  get options() {
    return z.strictObject({
      url: described(
        z.union([Text, z.array(Text).check(z.minLength(1))]),
        "Pages of which each must answer with less than 400.",
        ["http://127.0.0.1/health", "http://127.0.0.1:8000/healthz"],
      ),
      failures: described(
        z.optional(Positive),
        "Failures in a row that lead to a restart; 2 without it.",
      ),
      restart: described(
        z.optional(Text),
        "Command that restarts it; the app of the process, where the runtime supervises one, without it.",
        "systemctl restart parlaygorilla",
      ),
      debug: described(
        z.optional(z.array(Text)),
        "Commands whose output is logged before a restart, each for 30 s at most; none without it.",
        ["docker compose ps", "docker compose logs --tail 200 api"],
      ),
      cooldownSeconds: described(
        z.optional(Count),
        "After a restart there is no other one for so long, also when it has not ended; 600 s without it.",
      ),
      bootGraceSeconds: described(
        z.optional(Count),
        "Failures are not counted for so long after the machine started; 120 s without it.",
      ),
      timeoutSeconds: described(
        z.optional(Seconds),
        "Longest time for one answer; 3 s without it.",
      ),
      state: described(
        z.optional(FilePath),
        "File with the failures so far and the time of the last restart; watchdog-<job>.json without it.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
