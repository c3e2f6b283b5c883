import { isRunHere, type ManifestJob } from "./job.ts";
import { bindOptions } from "./bound-option.ts";
import { bindSchedule } from "./bound-schedule.ts";
import { attemptAll } from "./configuration-error.ts";
import type { Env } from "./env.ts";

/**
 * Refuses at once every schedule and option of these jobs that this environment makes wrong.
 *
 * A process that runs for long asks when it starts: the night's first run is late to learn of a
 * variable that was mistyped at noon. What is run by others has options of their own.
 */
export function checkBindings(jobs: readonly ManifestJob[], env: Env): void {
  attemptAll(
    jobs.flatMap((job) => {
      const { name, schedule } = job;
      return [
        () => schedule && bindSchedule({ name, schedule }, env),
        () => isRunHere(job) && bindOptions(job, env),
      ];
    }),
  );
}
