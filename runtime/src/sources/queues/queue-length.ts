import type { Redis } from "ioredis";
import { CheckError } from "../../health/error-words.ts";

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
