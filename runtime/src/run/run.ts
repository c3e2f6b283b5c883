import type { JobInput } from "../jobs/catalog.ts";
import type { Logger } from "pino";
import type { ManifestJob } from "../contract/job.ts";
import type { SlotLease } from "../state/leases.ts";
import { withTrace } from "../log.ts";
import type { RunStart } from "../contract/run-record.ts";
import { bindSchedule } from "../contract/bindings.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import type { ProcessContext, ProcessRuns, ProcessServices, ProcessStores } from "./process.ts";
import { RunAbort } from "./run-outcome.ts";
import { randomUuid } from "./uuid.ts";
import { slotOfTick } from "./slots.ts";

/** What is asked for: one run of one job. */
export interface RunRequest {
  /** Key of the job. */
  readonly job: string;
  /** Actor: `schedule`, `call`, `start`, `catch-up`, or `manual <who>`. */
  readonly actor: string;
  /** The slot, if the caller knows it. */
  readonly scheduledFor?: Date;
  /** The claim to that slot. The run finishes or releases it. */
  readonly slot?: SlotLease;
  /** A dry run: nothing is changed, sent or recorded; the log reports what it would do. */
  readonly dryRun?: boolean;
  /** Aborts this run, like the stop of the process. */
  readonly signal?: AbortSignal;
  /** What was said by hand for this run. */
  readonly input?: JobInput;
  /** The run's id, if it was assigned before. */
  readonly runId?: string;
}

/** What runs use of their process. `openProcess` returns it. */
export type RunProcess = ProcessContext & ProcessStores & ProcessRuns & ProcessServices;

/** A run that is about to begin. */
export interface Run {
  readonly process: RunProcess;
  readonly request: RunRequest;
  readonly job: ManifestJob;
  readonly start: RunStart;
  readonly scheduledFor: Date;
  readonly log: Logger;
  /** Aborted when the run must end, for whatever reason but its deadline and its leases. */
  readonly signal: AbortSignal;
  replace(): void;
  /** Stops it because an operator asked for it. */
  cancel(): void;
}

/** Whether it is a manual run, which belongs to no slot. */
export function isManual({ actor }: Pick<RunStart, "actor">): boolean {
  return actor.startsWith("manual");
}

/** The job of this name; throws a ConfigurationError that names those that there are. */
export function jobOf({ manifest }: Pick<ProcessContext, "manifest">, name: string): ManifestJob {
  const job = manifest.jobs.find((it) => it.name === name);
  if (job) return job;
  const known = manifest.jobs.map((it) => it.name).join(", ") || "none";
  throw new ConfigurationError([
    {
      where: `jobs/${name}`,
      message: `the process ${manifest.process} has no job of this name.`,
      remedy: `It has: ${known}.`,
    },
  ]);
}

/** Makes a run of a request: its id, its slot, its log. */
export function planRun(process: RunProcess, request: RunRequest): Run {
  const job = jobOf(process, request.job);
  const runId = request.runId ?? randomUuid();
  const now = process.clock.now();
  const scheduledFor = request.scheduledFor ?? dueTime(process, job, { request, now });
  const replaced = new AbortController();
  const stops = request.signal ? [process.stop.signal, request.signal] : [process.stop.signal];
  return {
    process,
    request,
    job,
    scheduledFor,
    log: withTrace(process.log, process.manifest, runId).child({ job: job.name }),
    signal: AbortSignal.any([replaced.signal, ...stops]),
    replace: () => replaced.abort(new RunAbort("replaced")),
    cancel: () => replaced.abort(new RunAbort("cancelled")),
    start: {
      job: job.name,
      runId,
      scheduledFor: scheduledFor.toISOString(),
      startedAt: now.toISOString(),
      actor: request.actor,
      host: process.host,
      commit: process.commit,
      fence: request.slot?.fence ?? 0,
    },
  };
}

function dueTime(
  { env }: ProcessContext,
  { name, schedule, slotToleranceSeconds }: ManifestJob,
  { request, now }: { request: RunRequest; now: Date },
): Date {
  // A tick of two crons is for no slot until one was found near it and claimed.
  const isTick = slotToleranceSeconds !== undefined;
  if (!schedule || isTick || request.actor !== "schedule") return now;
  return slotOfTick(bindSchedule({ name, schedule }, env), now);
}
