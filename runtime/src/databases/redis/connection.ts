import type { Redis } from "ioredis";

import { ConfigurationError } from "../../contract/configuration-error.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { CheckError } from "../../health/check.ts";
import { StoreError } from "../../state/stores/store-error.ts";
import { parseRedisUrl } from "./url.ts";

/** Longest wait for a connection and for an answer; Redis answers in one millisecond when it is well. */
const REDIS_ANSWER_MS = 5_000;

/** Longest pause before the connection is tried again. */
const RECONNECT_MAX_MS = 2_000;

/** One connection to a Redis, made when it is needed and again when it breaks. */
export interface RedisConnection {
  /** Name of the variable with its URL. */
  readonly where: string;
  /** What the commands answer. A failure says what could not be done and nothing of the URL. */
  use<T>(verb: string, work: (redis: Redis) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A Redis by the variable that holds its URL. It connects when it is first asked. */
export async function openRedis(urlEnv: string, env: Env): Promise<RedisConnection> {
  const text = valueOf(env, urlEnv);
  if (text === undefined) {
    const remedy = "Set it to the URL of the Redis.";
    throw new ConfigurationError([{ where: urlEnv, message: "is not set.", remedy }]);
  }
  const options = parseRedisUrl(text, urlEnv);
  const { Redis: Client } = await import("ioredis");
  const redis = new Client({
    ...options,
    connectionName: "opspec",
    lazyConnect: true,
    connectTimeout: REDIS_ANSWER_MS,
    commandTimeout: REDIS_ANSWER_MS,
    // A command is not sent twice: the first one may have been carried out.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (times) => Math.min(times * 100, RECONNECT_MAX_MS),
  });
  // The reason of a broken connection is told by this event only; the call that fails says that it is closed.
  let broken: unknown;
  redis.on("error", (error) => {
    // The driver would go on in the first database, which is somebody else's.
    const isRefused = isRefusedDatabase(error);
    broken = isRefused ? new CheckError("it has no database of that number") : error;
    if (isRefused) redis.disconnect();
  });
  redis.on("ready", () => (broken = undefined));
  return {
    where: urlEnv,
    use: async (verb, work) => {
      try {
        return await work(redis);
      } catch (error) {
        throw new StoreError({ where: urlEnv, verb }, broken ?? error);
      }
    },
    close: async () => redis.disconnect(),
  };
}

/** The driver notes with an answer of Redis which command it was for. */
function isRefusedDatabase(error: Error): boolean {
  const { command } = error as { readonly command?: { readonly name?: string } };
  return error.name === "ReplyError" && command?.name === "select";
}
