import { queueLength } from "../../sources/queues/queue-length.ts";
import type { Env } from "../../contract/env.ts";
import type { Probe } from "./probe.ts";
import { redisConnection } from "./redis-connection.ts";

/** What is measured of a queue, and how much is too much. */
export interface QueueTarget {
  readonly urlEnv: string;
  readonly key: string;
  readonly max?: number | undefined;
}

/** How many entries wait in a Redis list, stream or sorted set. No key is an empty queue. */
export function queueProbe({ urlEnv, key, max }: QueueTarget, env: Env): Probe {
  const connection = redisConnection(urlEnv, env);
  return {
    look: async (signal) => {
      const { length: depth } = await connection.use((redis) => queueLength(redis, key), signal);
      if (max === undefined || depth <= max) return { value: depth };
      return { value: depth, problem: `${depth} entries, more than ${max}` };
    },
    close: connection.close,
  };
}
