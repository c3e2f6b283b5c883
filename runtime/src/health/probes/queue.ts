import type { Redis } from "ioredis";
import type { Env } from "../../settings/env.ts";
import { CheckError } from "../check.ts";
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
      const depth = await connection.use((redis) => depthOf(redis, key), signal);
      if (max === undefined || depth <= max) return { value: depth };
      return { value: depth, problem: `${depth} entries, more than ${max}` };
    },
    close: connection.close,
  };
}

async function depthOf(redis: Redis, key: string): Promise<number> {
  const type = await redis.type(key);
  if (type === "none") return 0;
  if (type === "list") return redis.llen(key);
  if (type === "stream") return redis.xlen(key);
  if (type === "zset") return redis.zcard(key);
  throw new CheckError(`the key is a ${type}, not a list, stream or sorted set`);
}
