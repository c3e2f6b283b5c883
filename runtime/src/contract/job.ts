import * as z from "zod/mini";
import { EnvName, Seconds } from "./field.ts";

/** When a job is due: a cron pattern in a zone, or an interval counted from 1970-01-01T00:00Z. */
export const ManifestSchedule = z.strictObject({
  pattern: z.optional(z.string()),
  everySeconds: z.optional(z.number()),
  onStart: z.optional(z.boolean()),
  timezone: z.string(),
  /** Variables that override the hour, the interval or the zone if they are set. */
  from: z.optional(
    z.strictObject({
      hour: z.optional(EnvName),
      everyHours: z.optional(EnvName),
      everySeconds: z.optional(EnvName),
      timezone: z.optional(EnvName),
    }),
  ),
});

/** Table in which the app records its own runs: one row for each job, with the time of the last run. */
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
  /** The app's name of the job, if it differs. */
  job: z.optional(z.string()),
});

/** One job of one process. The names of durations end with their unit. */
export const ManifestJob = z.strictObject({
  name: z.string(),
  /** Name in the catalog of jobs, for example `digest`, or `command` for a command of the app. */
  uses: z.string(),
  /**
   * What starts a run: the runtime's scheduler, a call from a cron job, this process itself (a cron
   * job is one run), or the app, whose runs the runtime only watches. `elsewhere`: another cron job,
   * whose run records in a shared store this process watches.
   */
  startedBy: z.enum(["schedule", "call", "process", "app", "elsewhere"]),
  schedule: z.optional(ManifestSchedule),
  /** Command for a shell, with `uses: command`. */
  command: z.optional(z.string()),
  /** Time limit of a run. A longer run is ended and recorded as `timed-out`. */
  deadlineSeconds: z.optional(Seconds),
  /** Time between SIGTERM and SIGKILL for child processes of a run. Default: 10 s. */
  graceSeconds: z.optional(Seconds),
  /** Maximum delay between the slot and the start. A later run is recorded as `skipped`. */
  latestStartSeconds: z.optional(Seconds),
  /** Slots to run after an outage: none, the latest missed one (the default), or all up to `max`. */
  catchUp: z.optional(
    z.strictObject({ policy: z.enum(["none", "latest", "all"]), max: z.optional(Seconds) }),
  ),
  /** Maximum delay of each start. The delay of a job is stable, and it spreads the starts of many jobs. */
  jitterSeconds: z.optional(Seconds),
  overlap: z.optional(z.enum(["forbid", "queue", "replace", "allow"])),
  /** `on`: exit codes to retry. Default: every failure except 78 (configuration). */
  retries: z.optional(
    z.strictObject({
      max: z.number(),
      backoffSeconds: z.optional(z.number()),
      on: z.optional(z.array(z.int().check(z.minimum(1), z.maximum(255)))),
    }),
  ),
  /** The store that holds the lock, by the environment variable with its URL. */
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
  /** Toggles of this manifest. The job is skipped unless all are on. */
  toggles: z.optional(z.array(z.string())),
  /** JSON file with `silenced_until` in seconds since 1970. Until then the job sends nothing. */
  silencedBy: z.optional(z.string()),
  /** Variable with a healthchecks-style URL to ping at the start and the end of each run. */
  pingEnv: z.optional(EnvName),
  /**
   * With `startedBy: process` in a zone whose clock changes, two crons start the job. A run does its
   * work only if a slot of the schedule lies within this time before it.
   */
  slotToleranceSeconds: z.optional(Seconds),
  appRuns: z.optional(AppRunsTable),
  options: z.optional(z.record(z.string(), z.json())),
});

export type ManifestJob = z.infer<typeof ManifestJob>;

/** Whether this process runs the job, and does not only watch it. */
export function isRunHere({ startedBy }: Pick<ManifestJob, "startedBy">): boolean {
  return startedBy !== "app" && startedBy !== "elsewhere";
}

export type ManifestSchedule = z.infer<typeof ManifestSchedule>;
