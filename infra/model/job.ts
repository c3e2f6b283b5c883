import { MANIFEST_FILE } from "@opspec/runtime/contract";
import { describeSchedule, parseSchedule } from "@opspec/runtime/schedule";
import type { JobSpec } from "../spec/job.ts";
import type { StackSpec } from "../spec/stack.ts";
import { CALL_URL, DEFAULT_JOB_PLAN, DEFAULT_TIMEZONE, SECRET_FILES_DIR } from "./defaults.ts";
import { CALL_TOKEN } from "@opspec/runtime/contract";
import { type Consumer, modelEnv, sortEnv, text } from "./env.ts";
import { appServiceOf, vmOfJob } from "./job-owner.ts";
import { given, modelKeyed } from "./keyed.ts";
import { modelJobManifest } from "./manifest.ts";
import { partName } from "./names.ts";
import { cronRegionOf } from "./region.ts";
import { probedJob, RUNTIME_DIR, RUNTIME_IMAGE_DIR, wrapBuild } from "./runtime-source.ts";
import { type CronSchedule, modelRenderSchedules } from "./schedule.ts";
import { modelRuntime, modelSource } from "./source.ts";
import type { EnvValue, JobModel, InServiceJobModel } from "./stack-model.ts";
import { isNative, superviseBlock } from "./supervision.ts";

/** The jobs that Render's cron starts. */
export function modelJobs(stack: string, spec: StackSpec): JobModel[] {
  return Object.entries(spec.jobs ?? {})
    .filter(([, job]) => job.on === "render")
    .flatMap(([key, job]) => {
      const schedules = modelRenderSchedules(job.schedule, spec.timezone ?? DEFAULT_TIMEZONE);
      return schedules.map((schedule) => modelJob({ stack, spec, key, job }, schedule));
    });
}

/** A job that Render's cron starts, in its stack. */
interface CronSubject {
  readonly stack: string;
  readonly spec: StackSpec;
  readonly key: string;
  readonly job: JobSpec;
}

/** The jobs without a resource. */
export function modelInServiceJobs(spec: StackSpec): InServiceJobModel[] {
  return Object.entries(spec.jobs ?? {}).flatMap(([key, job]) => {
    const owner = inServiceOwner(spec, job);
    if (!owner) return [];
    const schedule = parseSchedule(job.schedule, spec.timezone ?? DEFAULT_TIMEZONE);
    const { formerly } = modelKeyed(key, job);
    const uses = job.uses ?? "command";
    return [{ key, uses, owner, schedule: describeSchedule(schedule), ...given({ formerly }) }];
  });
}

function inServiceOwner(spec: StackSpec, job: JobSpec): InServiceJobModel["owner"] | undefined {
  if (job.in !== undefined) return { kind: "service", service: job.in };
  const vm = job.on === "vm" ? vmOfJob(spec, job) : undefined;
  if (vm !== undefined) return { kind: "vm", vm };
  const service = job.by === "app" ? appServiceOf(spec, job) : undefined;
  return service === undefined ? undefined : { kind: "app", service };
}

function modelJob(subject: CronSubject, { suffix = "", ...schedule }: CronSchedule): JobModel {
  const { spec, key, job } = subject;
  const { formerly, ...keyed } = modelKeyed(key, job);
  return {
    ...keyed,
    key: `${key}${suffix}`,
    ...given({ formerly: formerly?.map((it) => `${it}${suffix}`) }),
    ...(suffix === "" ? {} : { job: key }),
    uses: job.uses ?? "command",
    name: `${job.name ?? partName(spec.system, key)}${suffix}`,
    ownerId: spec.render.owner,
    region: cronRegionOf(spec, job),
    plan: job.plan ?? DEFAULT_JOB_PLAN,
    schedule,
    ...given({ calls: job.calls, like: job.like }),
    ...modelCode(spec, key, job),
    ...modelJobEnv(subject, suffix),
  };
}

type Code = Pick<
  JobModel,
  "source" | "runtime" | "buildCommand" | "dockerfilePath" | "dockerContext" | "command"
>;

/**
 * A catalog job runs in the runtime's image. A command runs in the source of the service in
 * `like`.
 */
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
      buildCommand: isNative(service)
        ? wrapBuild(service.build, spec.runtimeSource, [probedJob(key, job)])
        : undefined,
      dockerfilePath: service.docker?.file,
      dockerContext: service.docker?.context,
    }),
  };
}

function modelJobEnv(
  { stack, spec, key, job }: CronSubject,
  suffix: string,
): Pick<JobModel, "env" | "envGroups" | "secretFiles"> {
  const consumer: Consumer = { spec, isOnRender: true };
  const like = job.like === undefined ? undefined : spec.services?.[job.like];
  const own = modelEnv({ ...like?.env, ...job.env }, consumer);
  const groups = given({ envGroups: job.envGroups ?? like?.envGroups });
  if (job.calls !== undefined) {
    return { env: sortEnv({ ...own, ...callEnv(job.calls, consumer) }), ...groups };
  }
  const process = { stack, spec, process: `${key}${suffix}` };
  const manifest = modelJobManifest(process, key, job);
  return {
    env: sortEnv({ ...own, ...modelEnv(manifest.env, consumer), ...manifestEnv() }),
    ...groups,
    secretFiles: [manifest.file],
  };
}

function manifestEnv(): Record<string, EnvValue> {
  return { OPSPEC_MANIFEST: text(`${SECRET_FILES_DIR}/${MANIFEST_FILE}`) };
}

/** The port of the service's runtime: the service's port, or its ops port. */
function callEnv(service: string, consumer: Consumer): Record<string, EnvValue> {
  const { opsPort } = superviseBlock(consumer.spec.services?.[service] ?? {});
  const { [CALL_URL]: url } = modelEnv({ [CALL_URL]: { privateUrl: service } }, consumer);
  return {
    ...(url?.kind === "reference"
      ? { [CALL_URL]: { ...url, ...given({ port: opsPort ?? url.port }) } }
      : {}),
    [CALL_TOKEN]: { kind: "secret", secret: CALL_TOKEN },
  };
}
