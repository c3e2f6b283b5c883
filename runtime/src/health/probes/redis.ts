import type { Env } from "../../contract/env.ts";
import { redisConnection } from "../../databases/redis/connection.ts";
import { queueLength } from "../../sources/queues/queue-length.ts";
import type { Probe } from "../check.ts";

/** Redis answers a PING. */
export function redisProbe(urlEnv: string, env: Env): Probe {
  const connection = redisConnection(urlEnv, env);
  return {
    probe: async (signal) => {
      await connection.use((redis) => redis.ping(), signal);
      return {};
    },
    close: connection.close,
  };
}

/** A queue, and the largest length that is not a problem. */
export interface QueueTarget {
  readonly urlEnv: string;
  readonly key: string;
  readonly max?: number | undefined;
}

/** The number of entries in a Redis list, stream or sorted set. A missing key is an empty queue. */
export function queueProbe({ urlEnv, key, max }: QueueTarget, env: Env): Probe {
  const connection = redisConnection(urlEnv, env);
  return {
    probe: async (signal) => {
      const { length: value } = await connection.use((redis) => queueLength(redis, key), signal);
      if (max === undefined || value <= max) return { value };
      return { value, problem: `${value} entries, more than ${max}` };
    },
    close: connection.close,
  };
}
