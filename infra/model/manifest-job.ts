import type { RuntimeManifest } from "@opspec/runtime/contract";
import { parseSchedule } from "@opspec/runtime/schedule";
import type { JobSpec } from "../spec/job.ts";
import type { StackSpec } from "../spec/stack.ts";
import type { Binding } from "./binding.ts";
import { DEFAULT_TIMEZONE } from "./defaults.ts";
import { seconds } from "./duration.ts";
import { given } from "./keyed.ts";
import { lockStore } from "./lock.ts";
import { slotToleranceSeconds } from "./seasons.ts";

type ManifestJob = RuntimeManifest["jobs"][number];

/** A job of a process and what starts it there. */
export interface OwnedJob {
  readonly name: string;
  readonly job: JobSpec;
  readonly startedBy: ManifestJob["startedBy"];
}

/** One job of a process, with every time in seconds and every reference as the name of a variable. */
export function manifestJob(
  spec: StackSpec,
  { name, job, startedBy }: OwnedJob,
  binding: Binding,
): ManifestJob {
  if (startedBy === "elsewhere") return watchedJob(spec, { name, job, startedBy });
  const toggles = [...(job.toggles ?? []), ...(job.disabledBy ? [job.disabledBy] : [])];
  const timezone = spec.timezone ?? DEFAULT_TIMEZONE;
  return {
    name,
    uses: job.uses ?? "command",
    startedBy,
    ...given({
      schedule: manifestSchedule(job, timezone),
      command: job.command,
      ...times(job),
      ...handling(job),
      lock: manifestLock(job, binding),
      toggles: toggles.length > 0 ? toggles : undefined,
      silencedBy: job.silencedBy,
      pingEnv: job.ping && binding.nameOf(job.ping),
      slotToleranceSeconds: slotToleranceSeconds(job, timezone),
      appRuns: job.appRuns && manifestAppRuns(job.appRuns, binding),
      options: job.options,
    }),
  };
}

/** The parts with which another process checks the job's run records. */
function watchedJob(spec: StackSpec, { name, job, startedBy }: OwnedJob): ManifestJob {
  const schedule = manifestSchedule(job, spec.timezone ?? DEFAULT_TIMEZONE);
  const { alerts, uses = "command" } = job;
  return { name, uses, startedBy, ...given({ schedule, ...times(job), alerts }) };
}

function manifestSchedule(job: JobSpec, timezone: string): ManifestJob["schedule"] {
  const schedule = parseSchedule(job.schedule, timezone);
  const isRecurring = schedule.pattern !== undefined || schedule.everySeconds !== undefined;
  if (!isRecurring && !schedule.onStart) return undefined;
  const from = "from" in job.schedule ? job.schedule.from : undefined;
  return given({
    ...schedule,
    onStart: schedule.onStart || undefined,
    from: from && given(from),
  });
}

function times(job: JobSpec) {
  return {
    deadlineSeconds: seconds(job.deadline),
    graceSeconds: seconds(job.grace),
    latestStartSeconds: seconds(job.latestStart),
    jitterSeconds: seconds(job.jitter),
  };
}

function handling(job: JobSpec): Pick<ManifestJob, "catchUp" | "overlap" | "retries" | "alerts"> {
  const { catchUp, overlap, retries, alerts } = job;
  return {
    catchUp:
      typeof catchUp === "object" ? { policy: "all", ...catchUp } : catchUp && { policy: catchUp },
    overlap,
    retries: retries && {
      max: retries.max,
      ...given({ backoffSeconds: seconds(retries.backoff), on: retries.on }),
    },
    alerts,
  };
}

function manifestLock({ lock }: JobSpec, binding: Binding): ManifestJob["lock"] {
  const store = lock && lockStore(lock);
  if (!store) return undefined;
  const urlEnv = binding.nameOf(store.reference);
  return { store: store.store, urlEnv, ...given({ ttlSeconds: seconds(lock.ttl) }) };
}

function manifestAppRuns(
  { url, table, columns, job }: NonNullable<JobSpec["appRuns"]>,
  binding: Binding,
): NonNullable<ManifestJob["appRuns"]> {
  const names = columns && given(columns);
  return { urlEnv: binding.nameOf(url), table, ...given({ columns: names, job }) };
}
