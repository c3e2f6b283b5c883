import { MANIFEST_FILE } from "@opspec/runtime/contract";
import { describeSchedule, parseSchedule } from "@opspec/runtime/schedule";
import type { JobSpec } from "../spec/job.ts";
import type { StackSpec } from "../spec/stack.ts";
import {
  CALL_TOKEN,
  CALL_URL,
  DEFAULT_JOB_PLAN,
  DEFAULT_TIMEZONE,
  LOCK_URL,
  SECRET_FILES_DIR,
} from "./defaults.ts";
import { type Consumer, modelEnv, sortEnv, text } from "./env.ts";
import { appServiceOf, vmOfJob } from "./job-owner.ts";
import { given, modelKeyed } from "./keyed.ts";
import { lockStore } from "./lock.ts";
import { modelJobManifest, type Process } from "./manifest.ts";
import { partName } from "./names.ts";
import { cronRegionOf } from "./region.ts";
import { RUNTIME_DIR, RUNTIME_IMAGE_DIR, wrapBuild } from "./runtime-source.ts";
import { modelRenderSchedule } from "./schedule.ts";
import { modelRuntime, modelSource } from "./source.ts";
import type { EnvValue, JobModel, ResidentJobModel } from "./stack-model.ts";
import { isNative } from "./supervision.ts";

/** The jobs that Render's cron starts. */
export function modelJobs(stack: string, spec: StackSpec): JobModel[] {
  return Object.entries(spec.jobs ?? {})
    .filter(([, job]) => job.on === "render")
    .map(([key, job]) => modelJob({ stack, spec, process: key }, job));
}

/** The jobs without a resource of their own. */
export function modelResidentJobs(spec: StackSpec): ResidentJobModel[] {
  return Object.entries(spec.jobs ?? {}).flatMap(([key, job]) => {
    const owner = residentOwner(spec, job);
    if (!owner) return [];
    const schedule = parseSchedule(job.schedule, spec.timezone ?? DEFAULT_TIMEZONE);
    const { formerly } = modelKeyed(key, job);
    const uses = job.uses ?? "command";
    return [{ key, uses, owner, schedule: describeSchedule(schedule), ...given({ formerly }) }];
  });
}

function residentOwner(spec: StackSpec, job: JobSpec): ResidentJobModel["owner"] | undefined {
  if (job.in !== undefined) return { kind: "service", service: job.in };
  const vm = job.on === "vm" ? vmOfJob(spec, job) : undefined;
  if (vm !== undefined) return { kind: "vm", vm };
  const service = job.by === "app" ? appServiceOf(spec, job) : undefined;
  return service === undefined ? undefined : { kind: "app", service };
}

function modelJob(process: Process, job: JobSpec): JobModel {
  const { spec, process: key } = process;
  return {
    ...modelKeyed(key, job),
    uses: job.uses ?? "command",
    name: job.name ?? partName(spec.system, key),
    ownerId: spec.render.owner,
    region: cronRegionOf(spec, job),
    plan: job.plan ?? DEFAULT_JOB_PLAN,
    schedule: modelRenderSchedule(job.schedule, spec.timezone ?? DEFAULT_TIMEZONE),
    ...given({ calls: job.calls }),
    ...modelCode(spec, key, job),
    ...modelJobEnv(process, job),
  };
}

type Code = Pick<
  JobModel,
  "source" | "runtime" | "buildCommand" | "dockerfilePath" | "dockerContext" | "command"
>;

/** A catalog's job runs in the runtime's own image; a command in what the service has that it is like. */
function modelCode(spec: StackSpec, key: string, job: JobSpec): Code {
  const service = job.like === undefined ? undefined : spec.services?.[job.like];
  if (!service) {
    const image = spec.runtimeSource?.image ?? "";
    const verb = job.calls === undefined ? "run" : "call";
    const command = `${RUNTIME_IMAGE_DIR}/opspec-runtime ${verb} ${key}`;
    return { source: { kind: "image", image }, runtime: "image", command };
  }
  const source = modelSource(service.source);
  const dir = isNative(service) ? RUNTIME_DIR : RUNTIME_IMAGE_DIR;
  return {
    source,
    runtime: modelRuntime(service),
    command: `${dir}/opspec-runtime run ${key}`,
    ...given({
      buildCommand: isNative(service) ? wrapBuild(service.build, spec.runtimeSource) : undefined,
      dockerfilePath: service.docker?.file,
      dockerContext: service.docker?.context,
    }),
  };
}

function modelJobEnv(
  process: Process,
  job: JobSpec,
): Pick<JobModel, "env" | "envGroups" | "secretFiles"> {
  const { spec } = process;
  const consumer: Consumer = { spec, isOnRender: true };
  const like = job.like === undefined ? undefined : spec.services?.[job.like];
  const store = job.lock && lockStore(job.lock);
  const own = modelEnv({ ...like?.env, ...job.env }, consumer);
  const lock = store ? modelEnv({ [LOCK_URL]: store.reference }, consumer) : {};
  const isCaller = job.calls !== undefined;
  return {
    env: sortEnv({ ...own, ...(isCaller ? callEnv(job.calls) : { ...lock, ...manifestEnv() }) }),
    ...given({ envGroups: job.envGroups ?? like?.envGroups }),
    ...(isCaller ? {} : { secretFiles: [modelJobManifest(process, job)] }),
  };
}

function manifestEnv(): Record<string, EnvValue> {
  return { OPSPEC_MANIFEST: text(`${SECRET_FILES_DIR}/${MANIFEST_FILE}`) };
}

function callEnv(service: string | undefined): Record<string, EnvValue> {
  if (service === undefined) return {};
  return {
    [CALL_URL]: { kind: "reference", service, property: "privateUrl" },
    [CALL_TOKEN]: { kind: "secret", secret: CALL_TOKEN },
  };
}
