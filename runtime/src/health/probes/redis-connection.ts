import type { Redis } from "ioredis";
import { parseRedisUrl } from "../../databases/redis/url.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { CheckError } from "../check.ts";

/** A server that hangs does not end its side of the connection, and is not waited for. */
const DISCONNECT_MS = 100;

/** One connection to Redis that is made when it is needed, and again after it was lost. */
export interface RedisConnection {
  /** What the commands answer; when the signal is aborted the connection is dropped at once. */
  use<T>(work: (redis: Redis) => Promise<T>, signal: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/** Opens nothing yet: the driver is loaded and the connection made by the first use. */
export function redisConnection(urlEnv: string, env: Env): RedisConnection {
  let held: Redis | undefined;

  const drop = (): void => {
    held?.disconnect();
    held = undefined;
  };
  const connected = async (signal: AbortSignal): Promise<Redis> => {
    if (held?.status === "ready") return held;
    drop();
    const opened = await openClient(urlEnv, env);
    held = opened;
    signal.throwIfAborted();
    await connect(opened);
    return opened;
  };

  return {
    use: async (work, signal) => {
      signal.addEventListener("abort", drop, { once: true });
      try {
        return await work(await connected(signal));
      } catch (error) {
        drop();
        throw error;
      } finally {
        signal.removeEventListener("abort", drop);
      }
    },
    close: async () => drop(),
  };
}

async function openClient(urlEnv: string, env: Env): Promise<Redis> {
  const url = valueOf(env, urlEnv);
  if (url === undefined) throw new CheckError(`${urlEnv} is not set`);
  const options = parseRedisUrl(url, urlEnv);
  const { Redis: Client } = await import("ioredis");
  const redis = new Client({
    ...options,
    lazyConnect: true,
    connectionName: "opspec-health",
    // The next look connects again; the driver must neither retry on its own nor queue commands.
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    disconnectTimeout: DISCONNECT_MS,
    enableOfflineQueue: false,
  });
  // Errors are told by the look that meets them; without a listener the driver would log them.
  redis.on("error", () => undefined);
  return redis;
}

/** The driver says "Connection is closed." of every failed connect, and the reason by an event. */
async function connect(redis: Redis): Promise<void> {
  let reason: unknown;
  const keep = (error: unknown): void => {
    reason ??= error;
  };
  redis.on("error", keep);
  try {
    await redis.connect();
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.off("error", keep);
  }
}
