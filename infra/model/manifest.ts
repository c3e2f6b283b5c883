import {
  MANIFEST_FILE,
  MANIFEST_VERSION,
  renderManifest,
  type RuntimeManifest,
} from "@opspec/runtime/contract";
import { RUNTIME_VERSION } from "@opspec/runtime/version";
import type { EnvSpec } from "../spec/env.ts";
import type { JobSpec } from "../spec/job.ts";
import type { ServiceSpec } from "../spec/service.ts";
import type { StackSpec } from "../spec/stack.ts";
import { type Binding, bindReferences } from "./binding.ts";
import { DEFAULT_TIMEZONE } from "./defaults.ts";
import { given } from "./keyed.ts";
import { manifestAlerts } from "./manifest-alerts.ts";
import { manifestApp } from "./manifest-app.ts";
import { manifestHealth } from "./manifest-health.ts";
import { manifestJob } from "./manifest-job.ts";
import { manifestSources } from "./manifest-source.ts";
import { manifestStores } from "./manifest-stores.ts";
import type { ServiceJobs } from "./service-jobs.ts";
import type { SecretFileModel } from "./value-model.ts";
import { cronJobEnv, effectiveEnv } from "./variables.ts";

/** The process and the stack of a manifest. */
export interface Process {
  readonly stack: string;
  readonly spec: StackSpec;
  /** Key of the service or cron job. */
  readonly process: string;
}

/** A manifest, and the variables that it needs in addition to those of the process. */
export interface ManifestModel {
  readonly file: SecretFileModel;
  readonly env: EnvSpec;
}

/**
 * The manifest of a service as a secret file. It contains only the service's own jobs, toggles and
 * directories, so that a changed job restarts only the service that runs it.
 */
export function modelManifest(
  process: Process,
  service: ServiceSpec,
  { jobs, watched }: Pick<ServiceJobs, "jobs" | "watched">,
): ManifestModel {
  const { spec } = process;
  const { disk, toggles, caches } = service;
  const env = effectiveEnv(spec, service);
  const binding = bindReferences(env);
  const asked = { jobs: jobs.map((it) => it.job), toggles, caches };
  return manifestModel(binding, {
    ...head(process),
    ...(disk ? { disk: { mount: disk.mount, persist: disk.persist ?? [] } } : {}),
    app: manifestApp(service, binding),
    jobs: [...jobs, ...watched]
      .map((it) => manifestJob(spec, it, binding))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...manifestSources(spec, asked, binding),
    ...given({
      health: manifestHealth(service, binding),
      ops: service.ops && given(service.ops),
      secrets: secretNames(env),
      ...common(
        process,
        { service, jobs: [...asked.jobs, ...watched.map((it) => it.job)] },
        binding,
      ),
    }),
  });
}

/** The manifest of a cron job that runs its job itself. */
export function modelJobManifest(process: Process, name: string, job: JobSpec): ManifestModel {
  const { spec } = process;
  const env = cronJobEnv(spec, job);
  const binding = bindReferences(env);
  return manifestModel(binding, {
    ...head(process),
    jobs: [manifestJob(spec, { name, job, startedBy: "process" }, binding)],
    ...manifestSources(spec, { jobs: [job] }, binding),
    ...given({ ...common(process, { jobs: [job] }, binding), secrets: secretNames(env) }),
  });
}

interface Parts {
  readonly service?: ServiceSpec;
  readonly jobs: readonly JobSpec[];
}

/** The members that every process may have. */
function common({ spec, process }: Process, { service, jobs }: Parts, binding: Binding) {
  return {
    alerts: manifestAlerts(spec, { process, jobs, hasApp: service !== undefined }, binding),
    stores: manifestStores(spec, service, binding),
    log: spec.log && given(spec.log),
  };
}

/** The variables whose values are secrets of the stack, whatever their names are. */
function secretNames(env: ReturnType<typeof effectiveEnv>): string[] | undefined {
  const names = [...env].flatMap(([name, { secret }]) => (secret === undefined ? [] : [name]));
  return names.length === 0 ? undefined : names.toSorted();
}

function head({ stack, spec, process }: Process): Omit<RuntimeManifest, "jobs"> {
  return {
    version: MANIFEST_VERSION,
    runtime: RUNTIME_VERSION,
    system: spec.system,
    stack,
    environment: spec.environment ?? "production",
    process,
    timezone: spec.timezone ?? DEFAULT_TIMEZONE,
  };
}

function manifestModel(binding: Binding, manifest: RuntimeManifest): ManifestModel {
  const file = { name: MANIFEST_FILE, content: renderManifest(manifest) };
  return { file, env: binding.added };
}
