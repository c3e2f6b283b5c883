import { MANIFEST_FILE } from "@opspec/runtime/contract";
import { parseDuration } from "@opspec/runtime/schedule";
import type { ServiceSpec } from "../spec/service.ts";
import type { StackSpec } from "../spec/stack.ts";
import { CALL_TOKEN, DEFAULT_REGION, LOCK_URL, SECRET_FILES_DIR } from "./defaults.ts";
import { type Consumer, modelEnv, modelSecretFiles, sortEnv, text } from "./env.ts";
import { given, modelKeyed } from "./keyed.ts";
import { lockStore } from "./lock.ts";
import { modelManifest, type OwnedJob } from "./manifest.ts";
import { wrapBuild, wrapImageStart, wrapStart } from "./runtime-source.ts";
import { modelAllowList, modelDeploying, modelRuntime, modelSource } from "./source.ts";
import type { DiskModel, EnvValue, ServiceModel } from "./stack-model.ts";
import { isNative, isSupervised } from "./supervision.ts";
import type { SecretFileModel } from "./value-model.ts";

/** What a thing of a stack is modelled from. */
export interface Subject {
  readonly stack: string;
  readonly spec: StackSpec;
  readonly key: string;
  readonly service: ServiceSpec;
  /** Name on Render. */
  readonly name: string;
  /** The jobs that run in it, by key. */
  readonly jobs: readonly OwnedJob[];
  /** Variables of this service that are set late, because they close a cycle of references. */
  readonly late: ReadonlySet<string>;
}

/** A web service, private service or worker with every default filled in, under the runtime. */
export function modelService(subject: Subject, type: ServiceModel["type"]): ServiceModel {
  const { spec, key, service } = subject;
  return {
    ...modelKeyed(key, service),
    type,
    name: subject.name,
    ownerId: spec.render.owner,
    region: service.region ?? spec.render.region ?? DEFAULT_REGION,
    plan: service.plan ?? "",
    source: modelSource(service.source),
    runtime: modelRuntime(service),
    ...modelCommands(service, spec),
    ...modelDeploying(service),
    ...given({
      healthCheckPath: service.health,
      instances: service.instances,
      autoscale: service.autoscale && given(service.autoscale),
      shutdownSeconds: service.shutdown === undefined ? undefined : parseDuration(service.shutdown),
      disk: service.disk && modelDisk(key, service.disk),
      allowDataLoss: service.allowDataLoss,
      envGroups: service.envGroups,
      domains: service.domains,
      allowList: modelAllowList(service.allowList),
    }),
    ...modelServiceEnv(subject),
    secretFiles: modelFiles(subject),
  };
}

/** The service's variables, those that close a cycle apart. */
export function modelServiceEnv(subject: Subject): Pick<ServiceModel, "env" | "lateEnv"> {
  const { spec, service, late } = subject;
  const consumer: Consumer = { spec, isOnRender: service.type !== "container" };
  const all = {
    ...modelEnv(service.env, consumer),
    ...runtimeEnv(subject, consumer),
    ...portEnv(service),
  };
  const [env, lateEnv] = [false, true].map((isLate) =>
    sortEnv(Object.fromEntries(Object.entries(all).filter(([name]) => late.has(name) === isLate))),
  );
  return { env: env ?? {}, ...(late.size > 0 ? { lateEnv: lateEnv ?? {} } : {}) };
}

/** The service's own files, and its manifest when it runs under the runtime. */
export function modelFiles({ stack, spec, key, service, jobs }: Subject): SecretFileModel[] {
  const own = modelSecretFiles(service.secretFiles);
  return isSupervised(service) ? [...own, modelManifest({ stack, spec, process: key }, jobs)] : own;
}

type Commands = Pick<
  ServiceModel,
  "buildCommand" | "startCommand" | "dockerfilePath" | "dockerContext" | "preDeployCommand"
>;

/** A native runtime is built and started by commands; for docker and images the start replaces theirs. */
export function modelCommands(service: ServiceSpec, spec: StackSpec): Commands {
  const { start, preDeploy, docker } = service;
  const isWrapped = isSupervised(service);
  const common = given({ preDeployCommand: preDeploy });
  if (isNative(service)) {
    const build = isWrapped ? wrapBuild(service.build, spec.runtimeSource) : service.build;
    const native = isWrapped && start !== undefined ? wrapStart(start) : start;
    return given({ ...common, buildCommand: build, startCommand: native });
  }
  const wrapped = isWrapped && start !== undefined ? wrapImageStart(start) : start;
  return given({
    ...common,
    startCommand: wrapped,
    dockerfilePath: docker?.file,
    dockerContext: docker?.context,
  });
}

function modelDisk(key: string, disk: NonNullable<ServiceSpec["disk"]>): DiskModel {
  return {
    name: disk.name ?? `${key}-disk`,
    mountPath: disk.mount,
    sizeGb: disk.sizeGb,
    persist: disk.persist ?? [],
  };
}

/** What the runtime needs: its manifest, the token of those who may call it, the store of its locks. */
function runtimeEnv({ service, jobs }: Subject, consumer: Consumer): Record<string, EnvValue> {
  if (!isSupervised(service)) return {};
  const isCalled = jobs.some((it) => it.startedBy === "call");
  const lock = jobs.find((it) => it.startedBy !== "app" && it.job.lock)?.job.lock;
  const store = lock && lockStore(lock);
  return {
    OPSPEC_MANIFEST: text(`${SECRET_FILES_DIR}/${MANIFEST_FILE}`),
    ...(isCalled ? { [CALL_TOKEN]: { kind: "secret", secret: CALL_TOKEN } } : {}),
    ...(store ? modelEnv({ [LOCK_URL]: store.reference }, consumer) : {}),
  };
}

function portEnv({ port, env }: ServiceSpec): Record<string, EnvValue> {
  if (port === undefined || env?.["PORT"] !== undefined) return {};
  return { PORT: text(String(port)) };
}
