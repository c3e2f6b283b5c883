import * as z from "zod/mini";
import { EnvName, Seconds } from "./field.ts";

/** When a job is due: a pattern in a zone, or an interval counted from 1970-01-01T00:00Z. */
export const ManifestSchedule = z.strictObject({
  pattern: z.optional(z.string()),
  everySeconds: z.optional(z.number()),
  onStart: z.optional(z.boolean()),
  timezone: z.string(),
  /** Variables that, where they are set, say the hour, the interval or the zone instead. */
  from: z.optional(
    z.strictObject({
      hour: z.optional(EnvName),
      everyHours: z.optional(EnvName),
      everySeconds: z.optional(EnvName),
      timezone: z.optional(EnvName),
    }),
  ),
});

/** Where the app keeps the runs that it makes by itself: one row a job, with the time of the last one. */
const AppRunsTable = z.strictObject({
  urlEnv: EnvName,
  table: z.string(),
  /** Column names; for the defaults see docs/sources.md (`COLUMNS`). */
  columns: z.optional(
    z.partial(
      z.strictObject({
        job: z.string(),
        lastRunAt: z.string(),
        status: z.string(),
        durationMs: z.string(),
        error: z.string(),
      }),
    ),
  ),
  /** The app's own name of the job, where it is another. */
  job: z.optional(z.string()),
});

/** One job of one process. Times are in the units their names say. */
export const ManifestJob = z.strictObject({
  name: z.string(),
  /** Name in the catalog of jobs, for example `digest`; `command` for a command of the app's own. */
  uses: z.string(),
  /**
   * What starts it here: the runtime's own scheduler, a call from a cron job, this process itself
   * (a cron job is one run), or the app, whose runs are only watched. `elsewhere`: a cron job of its
   * own, whose records in a shared store are watched from here.
   */
  startedBy: z.enum(["schedule", "call", "process", "app", "elsewhere"]),
  schedule: z.optional(ManifestSchedule),
  /** With `uses: command`: run by a shell. */
  command: z.optional(z.string()),
  /** A run that takes longer is ended and recorded as `timed-out`. */
  deadlineSeconds: z.optional(Seconds),
  /** Between SIGTERM and SIGKILL of what a run started; 10 s without it. */
  graceSeconds: z.optional(Seconds),
  /** A run that could not start so long after its slot is not run at all; recorded as `skipped`. */
  latestStartSeconds: z.optional(Seconds),
  /** What follows an outage: nothing, the latest missed slot (the default), or each up to `max`. */
  catchUp: z.optional(
    z.strictObject({ policy: z.enum(["none", "latest", "all"]), max: z.optional(Seconds) }),
  ),
  /** Each start is later by a stable part of this, so that many jobs do not start in one second. */
  jitterSeconds: z.optional(Seconds),
  overlap: z.optional(z.enum(["forbid", "queue", "replace", "allow"])),
  /** `on`: the exit codes that are tried again; without it every failure but 78 (configuration). */
  retries: z.optional(
    z.strictObject({
      max: z.number(),
      backoffSeconds: z.optional(z.number()),
      on: z.optional(z.array(z.int().check(z.minimum(1), z.maximum(255)))),
    }),
  ),
  /** The environment variable with the URL of the store that holds the lock. */
  lock: z.optional(
    z.strictObject({
      store: z.enum(["postgres", "redis"]),
      urlEnv: z.string(),
      ttlSeconds: z.optional(z.number()),
    }),
  ),
  alerts: z.optional(
    z.strictObject({
      on: z.array(z.enum(["fail", "late", "stuck", "recovered"])),
      after: z.optional(z.number()),
    }),
  ),
  /** Names of toggles of this manifest; the job does nothing unless all of them are on. */
  toggles: z.optional(z.array(z.string())),
  /** JSON file with `silenced_until` (epoch seconds): until then the job sends nothing. */
  silencedBy: z.optional(z.string()),
  /** Variable with a healthchecks-style URL that is told of the start and the end of each run. */
  pingEnv: z.optional(EnvName),
  /**
   * With `startedBy: process` under a zone whose clock changes: two crons start it, and a run does
   * its work only when a slot of its schedule lies within the last so many seconds.
   */
  slotToleranceSeconds: z.optional(Seconds),
  appRuns: z.optional(AppRunsTable),
  options: z.optional(z.record(z.string(), z.json())),
});

export type ManifestJob = z.infer<typeof ManifestJob>;
/** Whether this process runs the job; any other is only watched. */
export function isRunHere({ startedBy }: Pick<ManifestJob, "startedBy">): boolean {
  return startedBy !== "app" && startedBy !== "elsewhere";
}

export type ManifestSchedule = z.infer<typeof ManifestSchedule>;
