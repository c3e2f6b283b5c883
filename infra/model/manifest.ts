import {
  MANIFEST_FILE,
  MANIFEST_VERSION,
  renderManifest,
  type RuntimeManifest,
} from "@opspec/runtime/contract";
import { parseDuration, parseSchedule } from "@opspec/runtime/schedule";
import type { JobSpec } from "../spec/job.ts";
import type { StackSpec } from "../spec/stack.ts";
import { DEFAULT_TIMEZONE, LOCK_URL } from "./defaults.ts";
import { appServiceOf } from "./job-owner.ts";
import { given } from "./keyed.ts";
import { lockStore } from "./lock.ts";
import type { SecretFileModel } from "./value-model.ts";

type ManifestJob = RuntimeManifest["jobs"][number];

/** Which process of which stack a manifest is for. */
export interface Process {
  readonly stack: string;
  readonly spec: StackSpec;
  /** Key of the service or cron job. */
  readonly process: string;
}

/** A job that runs in a service, with what starts it there. */
export interface OwnedJob {
  readonly name: string;
  readonly job: JobSpec;
  readonly startedBy: ManifestJob["startedBy"];
}

/** The jobs of each service, by its key. One walk over all jobs, so that it stays linear. */
export function jobsByService(spec: StackSpec): ReadonlyMap<string, readonly OwnedJob[]> {
  const owned = Object.entries(spec.jobs ?? {}).flatMap(([name, job]) => {
    const owner = ownerOf(spec, job);
    return owner ? [{ ...owner, name, job }] : [];
  });
  return Map.groupBy(owned, (it) => it.service);
}

/**
 * The manifest of a service as its secret file: only its own jobs and directories, so that a
 * changed job restarts the one service that runs it.
 */
export function modelManifest(process: Process, jobs: readonly OwnedJob[]): SecretFileModel {
  const { spec } = process;
  const disk = spec.services?.[process.process]?.disk;
  return manifestFile({
    ...head(process),
    ...(disk ? { disk: { mount: disk.mount, persist: disk.persist ?? [] } } : {}),
    jobs: jobs.map((it) => manifestJob(spec, it)).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  });
}

/** The manifest of a cron job that runs its job itself. */
export function modelJobManifest(process: Process, job: JobSpec): SecretFileModel {
  const { spec, process: name } = process;
  return manifestFile({
    ...head(process),
    jobs: [manifestJob(spec, { name, job, startedBy: "process" })],
  });
}

function head({ stack, spec, process }: Process): Omit<RuntimeManifest, "jobs"> {
  const timezone = spec.timezone ?? DEFAULT_TIMEZONE;
  return { version: MANIFEST_VERSION, system: spec.system, stack, process, timezone };
}

function manifestFile(manifest: RuntimeManifest): SecretFileModel {
  return { name: MANIFEST_FILE, content: renderManifest(manifest) };
}

function ownerOf(
  spec: StackSpec,
  job: JobSpec,
): { service: string; startedBy: ManifestJob["startedBy"] } | undefined {
  if (job.in !== undefined) return { service: job.in, startedBy: "schedule" };
  if (job.calls !== undefined) return { service: job.calls, startedBy: "call" };
  const service = job.by === "app" ? appServiceOf(spec, job) : undefined;
  return service === undefined ? undefined : { service, startedBy: "app" };
}

function manifestJob(spec: StackSpec, { name, job, startedBy }: OwnedJob): ManifestJob {
  const schedule = parseSchedule(job.schedule, spec.timezone ?? DEFAULT_TIMEZONE);
  const isRecurring = schedule.pattern !== undefined || schedule.everySeconds !== undefined;
  return {
    name,
    uses: job.uses ?? "command",
    startedBy,
    ...given({
      schedule:
        isRecurring || schedule.onStart
          ? given({ ...schedule, onStart: schedule.onStart || undefined })
          : undefined,
      command: job.command,
      deadlineSeconds: seconds(job.deadline),
      overlap: job.overlap,
      retries: job.retries && {
        max: job.retries.max,
        ...given({ backoffSeconds: seconds(job.retries.backoff) }),
      },
      lock: manifestLock(job),
      alerts: job.alerts,
      disabledBy: job.disabledBy,
      silencedBy: job.silencedBy,
      options: job.options,
    }),
  };
}

function manifestLock({ lock }: JobSpec): ManifestJob["lock"] {
  const store = lock && lockStore(lock);
  if (!store) return undefined;
  return { store: store.store, urlEnv: LOCK_URL, ...given({ ttlSeconds: seconds(lock.ttl) }) };
}

function seconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}
