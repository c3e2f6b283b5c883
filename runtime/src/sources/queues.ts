import type { Redis } from "ioredis";
import { bindOptions } from "../contract/bindings.ts";
import type { Env } from "../contract/env.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { CheckError, errorWords } from "../health/error-words.ts";
import { redisConnection } from "../databases/redis.ts";
import type { ProcessContext } from "../run/process.ts";

/** The usual variable of a Redis URL. */
export const REDIS_URL = "REDIS_URL";

/** Time limit of one read, in ms; a healthy Redis answers in 1 ms. */
const ANSWER_MS = 3_000;

/** A queue by its key and the variable with the URL of its Redis. */
interface DeclaredQueue {
  readonly name: string;
  readonly urlEnv: string;
}

/** The options of each queue job that name a queue, with their defaults. */
const QUEUE_JOBS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "dead-letter-trim": { queue: "jobs:dead" },
  "dead-letter-requeue": { queue: "jobs:dead", to: "jobs" },
  "queue-sweep": { queue: "jobs" },
};

/** A queue as operators see it: its length, or why the length is unknown. */
export type QueueView =
  | ({ readonly name: string } & QueueLength)
  | { readonly name: string; readonly error: string };

/** Reads the queues of a process now. A queue that cannot be read is an error and never 0. */
export function viewQueues({
  manifest,
  env,
}: Pick<ProcessContext, "manifest" | "env">): Promise<QueueView[]> {
  return Promise.all(declaredQueues(manifest, env).map((queue) => viewQueue(queue, env)));
}

async function viewQueue({ name, urlEnv }: DeclaredQueue, env: Env): Promise<QueueView> {
  const connection = redisConnection(urlEnv, env);
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    return { name, ...(await connection.use((redis) => queueLength(redis, name), signal)) };
  } catch (error) {
    const isSlow = signal.aborted;
    return { name, error: isSlow ? `no answer within ${ANSWER_MS} ms` : errorWords(error) };
  } finally {
    await connection.close();
  }
}

/** The queues of a process' checks, alert rules and jobs, each once and in this order. */
function declaredQueues(
  { health, alerts, jobs }: Pick<RuntimeManifest, "health" | "alerts" | "jobs">,
  env: Env,
): DeclaredQueue[] {
  const found = [
    ...(health?.checks ?? []).flatMap(({ probe }) => (probe.kind === "queue" ? [probe] : [])),
    ...(alerts?.rules ?? []).flatMap(({ of }) => (of.kind === "queue" ? [of] : [])),
  ].map(({ key, urlEnv }) => ({ name: key, urlEnv }));
  const all = [...found, ...jobs.flatMap((job) => queuesOf(job, env))];
  return [...new Map(all.map((it) => [`${it.urlEnv} ${it.name}`, it])).values()];
}

function queuesOf(job: ManifestJob, env: Env): DeclaredQueue[] {
  const keys = Object.hasOwn(QUEUE_JOBS, job.uses) ? QUEUE_JOBS[job.uses] : undefined;
  if (!keys) return [];
  const options = bindOptions(job, env);
  const urlEnv = String(options["urlEnv"] ?? REDIS_URL);
  return Object.entries(keys).map(([option, usual]) => ({
    name: String(options[option] ?? usual),
    urlEnv,
  }));
}

/** The number of entries, and the type of the key. A missing key is an empty queue of kind `none`. */
export interface QueueLength {
  readonly kind: "none" | "list" | "stream" | "zset";
  readonly length: number;
}

/** Length of a Redis list, stream or sorted set. */
export async function queueLength(redis: Redis, key: string): Promise<QueueLength> {
  const kind = await redis.type(key);
  switch (kind) {
    case "none":
      return { kind, length: 0 };
    case "list":
      return { kind, length: await redis.llen(key) };
    case "stream":
      return { kind, length: await redis.xlen(key) };
    case "zset":
      return { kind, length: await redis.zcard(key) };
    default:
      throw new CheckError(`the key is a ${kind}, not a list, stream or sorted set`);
  }
}
