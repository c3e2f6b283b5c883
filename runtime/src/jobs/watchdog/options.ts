import * as z from "zod/mini";
import { Seconds } from "../../contract/field.ts";
import { type CatalogJob, Count, FilePath, Positive, Text } from "../job.ts";

/** What specs and manifests may say of a `watchdog` job. */
export const watchdogJob = {
  description: "Restarts what does not answer several times in a row.",
  get options() {
    return z.strictObject({
      url: z.union([Text, z.array(Text).check(z.minLength(1))]).check(
        z.meta({
          description: "Pages of which each must answer with less than 400.",
          examples: [["http://127.0.0.1/health", "http://127.0.0.1:8000/healthz"]],
        }),
      ),
      failures: z
        .optional(Positive)
        .check(z.meta({ description: "Failures in a row that lead to a restart; 2 without it." })),
      restart: z.optional(Text).check(
        z.meta({
          description:
            "Command that restarts it; the app of the process, where the runtime supervises one, without it.",
          examples: ["systemctl restart parlaygorilla"],
        }),
      ),
      debug: z.optional(z.array(Text)).check(
        z.meta({
          description:
            "Commands whose output is logged before a restart, each for 30 s at most; none without it.",
          examples: [["docker compose ps", "docker compose logs --tail 200 api"]],
        }),
      ),
      cooldownSeconds: z.optional(Count).check(
        z.meta({
          description:
            "After a restart there is no other one for so long, also when it has not ended; 600 s without it.",
        }),
      ),
      bootGraceSeconds: z.optional(Count).check(
        z.meta({
          description:
            "Failures are not counted for so long after the machine started; 120 s without it.",
        }),
      ),
      timeoutSeconds: z
        .optional(Seconds)
        .check(z.meta({ description: "Longest time for one answer; 3 s without it." })),
      state: z.optional(FilePath).check(
        z.meta({
          description:
            "File with the failures so far and the time of the last restart; watchdog-<job>.json without it.",
        }),
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
