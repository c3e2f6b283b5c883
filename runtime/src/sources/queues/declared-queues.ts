import type { RuntimeManifest } from "../../contract/manifest.ts";
import type { ManifestJob } from "../../contract/job.ts";
import { bindOptions } from "../../contract/bindings.ts";
import type { Env } from "../../contract/env.ts";
import { REDIS_URL } from "./queue-script.ts";

/** A queue by its key and the variable with the URL of its Redis. */
export interface DeclaredQueue {
  readonly name: string;
  readonly urlEnv: string;
}

/** The keys of each job about queues, with what they are without a word. */
const QUEUE_JOBS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "dead-letter-trim": { queue: "jobs:dead" },
  "dead-letter-requeue": { queue: "jobs:dead", to: "jobs" },
  "queue-sweep": { queue: "jobs" },
};

/** The queues that a process knows, by its checks, its rules and its jobs, each once and in this order. */
export function declaredQueues(
  { health, alerts, jobs }: Pick<RuntimeManifest, "health" | "alerts" | "jobs">,
  env: Env,
): DeclaredQueue[] {
  const found = [
    ...(health?.checks ?? []).flatMap(({ probe }) => (probe.kind === "queue" ? [probe] : [])),
    ...(alerts?.rules ?? []).flatMap(({ of }) => (of.kind === "queue" ? [of] : [])),
  ].map(({ key, urlEnv }) => ({ name: key, urlEnv }));
  const all = [...found, ...jobs.flatMap((job) => queuesOf(job, env))];
  const unique = new Map(all.map((it) => [`${it.urlEnv} ${it.name}`, it]));
  return [...unique.values()];
}

function queuesOf(job: ManifestJob, env: Env): DeclaredQueue[] {
  const keys = Object.hasOwn(QUEUE_JOBS, job.uses) ? QUEUE_JOBS[job.uses] : undefined;
  if (!keys) return [];
  const options = bindOptions(job, env);
  const { urlEnv = REDIS_URL } = options;
  return Object.entries(keys).map(([option, usual]) => ({
    name: String(options[option] ?? usual),
    urlEnv: String(urlEnv),
  }));
}
