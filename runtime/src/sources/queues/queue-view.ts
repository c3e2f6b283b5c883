import { errorWords } from "../../health/error-words.ts";
import { redisConnection } from "../../databases/redis/connection.ts";
import type { ProcessContext } from "../../run/process.ts";
import { type DeclaredQueue, declaredQueues } from "./declared-queues.ts";
import { type QueueLength, queueLength } from "./queue-length.ts";

/** A queue as operators see it: how long it is, or why nobody knows. */
export type QueueView =
  | ({ readonly name: string } & QueueLength)
  | { readonly name: string; readonly error: string };

/** A Redis that does not answer in this time could not be read; it answers in a millisecond when it is well. */
const ANSWER_MS = 3_000;

/** The queues that this process knows of, read now. One that cannot be read is an error and never 0. */
export function viewQueues({
  manifest,
  env,
}: Pick<ProcessContext, "manifest" | "env">): Promise<QueueView[]> {
  return Promise.all(declaredQueues(manifest, env).map((queue) => viewQueue(queue, env)));
}

async function viewQueue(
  { name, urlEnv }: DeclaredQueue,
  env: ProcessContext["env"],
): Promise<QueueView> {
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
