import { MANIFEST_FILE } from "@opspec/runtime/contract";
import { parseDuration } from "@opspec/runtime/schedule";
import type { ServiceSpec } from "../spec/service.ts";
import type { StackSpec } from "../spec/stack.ts";
import { DEFAULT_REGION, SECRET_FILES_DIR } from "./defaults.ts";
import { CALL_TOKEN, OPS_TOKEN } from "@opspec/runtime/contract";
import { type Consumer, modelEnv, modelSecretFiles, sortEnv, text } from "./env.ts";
import { given, modelKeyed } from "./keyed.ts";
import { type ManifestModel, modelManifest } from "./manifest.ts";
import type { ServiceJobs } from "./service-jobs.ts";
import { imageProbe, probedJobs, wrapBuild, wrapImageStart, wrapStart } from "./runtime-source.ts";
import { modelAllowList, modelDeploying, modelRuntime, modelSource } from "./source.ts";
import type { DiskModel, EnvValue, ServiceModel } from "./stack-model.ts";
import { healthPathOf, isNative, isSupervised } from "./supervision.ts";
import type { SecretFileModel } from "./value-model.ts";

/** The spec and the derived facts from which a part of a stack is modelled. */
export interface Subject extends ServiceJobs {
  readonly stack: string;
  readonly spec: StackSpec;
  readonly key: string;
  readonly service: ServiceSpec;
  /** Name on Render. */
  readonly name: string;
  /** Variables of this service that are set late, because they close a cycle of references. */
  readonly late: ReadonlySet<string>;
}

/** A web service, private service or worker with every default filled in, under the runtime. */
export function modelService(subject: Subject, type: ServiceModel["type"]): ServiceModel {
  const { spec, key, service } = subject;
  const manifest = modelServiceManifest(subject);
  return {
    ...modelKeyed(key, service),
    type,
    name: subject.name,
    ownerId: spec.render.owner,
    region: service.region ?? spec.render.region ?? DEFAULT_REGION,
    plan: service.plan ?? "",
    source: modelSource(service.source),
    runtime: modelRuntime(service),
    ...modelCommands(subject),
    ...modelDeploying(service),
    ...given({
      healthCheckPath: healthPathOf(service),
      instances: service.instances,
      autoscale: service.autoscale && given(service.autoscale),
      shutdownSeconds: service.shutdown === undefined ? undefined : parseDuration(service.shutdown),
      disk: service.disk && modelDisk(key, service.disk),
      allowDataLoss: service.allowDataLoss,
      envGroups: service.envGroups,
      domains: service.domains,
      allowList: modelAllowList(service.allowList),
    }),
    ...modelServiceEnv(subject, manifest),
    secretFiles: modelFiles(service, manifest),
  };
}

/** The manifest of a service, when it runs under the runtime. */
export function modelServiceManifest({
  stack,
  spec,
  key,
  service,
  ...jobs
}: Subject): ManifestModel | undefined {
  if (!isSupervised(service)) return undefined;
  return modelManifest({ stack, spec, process: key }, service, jobs);
}

/** The service's variables, and separately those that close a cycle of references. */
export function modelServiceEnv(
  subject: Subject,
  manifest: ManifestModel | undefined,
): Pick<ServiceModel, "env" | "lateEnv"> {
  const { spec, service, late } = subject;
  const consumer: Consumer = { spec, isOnRender: service.type !== "container" };
  const all = {
    ...modelEnv(service.env, consumer),
    ...(manifest ? modelEnv(manifest.env, consumer) : {}),
    ...runtimeEnv(subject),
    ...portEnv(service),
  };
  const [env, lateEnv] = [false, true].map((isLate) =>
    sortEnv(Object.fromEntries(Object.entries(all).filter(([name]) => late.has(name) === isLate))),
  );
  return { env: env ?? {}, ...(late.size > 0 ? { lateEnv: lateEnv ?? {} } : {}) };
}

/** The service's own files, and its manifest when it runs under the runtime. */
export function modelFiles(
  service: ServiceSpec,
  manifest: ManifestModel | undefined,
): SecretFileModel[] {
  const own = modelSecretFiles(service.secretFiles);
  return manifest ? [...own, manifest.file] : own;
}

type Commands = Pick<
  ServiceModel,
  "buildCommand" | "startCommand" | "dockerfilePath" | "dockerContext" | "preDeployCommand"
>;

/**
 * A native runtime is built and started by commands; for Docker and images the start command
 * replaces the image's own. The jobs' commands are probed in the same image, in the build or before
 * the start.
 */
export function modelCommands({ spec, service, ...jobs }: Subject): Commands {
  const { start, preDeploy, docker } = service;
  const isWrapped = isSupervised(service);
  const probed = probedJobs(jobs);
  if (isNative(service)) {
    const build = isWrapped ? wrapBuild(service.build, spec.runtimeSource, probed) : service.build;
    const native = isWrapped && start !== undefined ? wrapStart(start) : start;
    return given({ buildCommand: build, startCommand: native, preDeployCommand: preDeploy });
  }
  const wrapped = isWrapped && start !== undefined ? wrapImageStart(start) : start;
  const canProbe = isWrapped && service.type !== "container" && service.plan !== "free";
  return given({
    preDeployCommand: canProbe ? imageProbe(probed, preDeploy) : preDeploy,
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

/** The runtime's inputs: its manifest and the tokens of its callers. */
function runtimeEnv({ service, jobs }: Subject): Record<string, EnvValue> {
  if (!isSupervised(service)) return {};
  const isCalled = jobs.some((it) => it.startedBy === "call");
  return {
    OPSPEC_MANIFEST: text(`${SECRET_FILES_DIR}/${MANIFEST_FILE}`),
    [OPS_TOKEN]: { kind: "secret", secret: OPS_TOKEN },
    ...(isCalled ? { [CALL_TOKEN]: { kind: "secret", secret: CALL_TOKEN } } : {}),
  };
}

function portEnv({ port, env }: ServiceSpec): Record<string, EnvValue> {
  if (port === undefined || env?.["PORT"] !== undefined) return {};
  return { PORT: text(String(port)) };
}
