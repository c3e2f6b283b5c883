import type { Redis, RedisOptions } from "ioredis";

import { ConfigurationError } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { decodeUrlPart } from "../contract/text.ts";
import { CheckError } from "../health/error-words.ts";
import { StoreError } from "./sql-database.ts";

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
  const { redis, reason } = await createClient(text, urlEnv, {
    connectionName: "opspec",
    connectTimeout: REDIS_ANSWER_MS,
    commandTimeout: REDIS_ANSWER_MS,
    // A command is not sent twice: the first one may have been carried out.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (times) => Math.min(times * 100, RECONNECT_MAX_MS),
  });
  return {
    where: urlEnv,
    use: async (verb, work) => {
      try {
        return await work(redis);
      } catch (error) {
        throw new StoreError({ where: urlEnv, verb }, reason() ?? error);
      }
    },
    close: async () => redis.disconnect(),
  };
}

/** A connection for probes: an aborted signal drops it at once, and the next use connects again. */
export interface ProbedRedis {
  use<T>(work: (redis: Redis) => Promise<T>, signal: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/** Opens nothing yet: the first use loads the driver and connects. */
export function redisConnection(urlEnv: string, env: Env): ProbedRedis {
  let client: RedisClient | undefined;
  const drop = (): void => {
    client?.redis.disconnect();
    client = undefined;
  };
  const connected = async (signal: AbortSignal): Promise<RedisClient> => {
    if (client?.redis.status === "ready") return client;
    drop();
    const text = valueOf(env, urlEnv);
    if (text === undefined) throw new CheckError(`${urlEnv} is not set`);
    const opened = await createClient(text, urlEnv, PROBE_OPTIONS);
    client = opened;
    signal.throwIfAborted();
    await opened.redis.connect().catch((error: unknown) => {
      throw opened.reason() ?? error;
    });
    return opened;
  };
  return {
    use: async (work, signal) => {
      signal.addEventListener("abort", drop, { once: true });
      let used: RedisClient | undefined;
      try {
        used = await connected(signal);
        return await work(used.redis);
      } catch (error) {
        drop();
        throw used?.reason() ?? error;
      } finally {
        signal.removeEventListener("abort", drop);
      }
    },
    close: async () => drop(),
  };
}

/** The next probe connects again, so the driver neither retries nor queues commands. */
const PROBE_OPTIONS: RedisOptions = {
  connectionName: "opspec-health",
  retryStrategy: null,
  maxRetriesPerRequest: 0,
  // A server that hangs does not close its side of the connection.
  disconnectTimeout: 100,
  enableOfflineQueue: false,
};

/** A client, and why its connection broke: the command that fails only says that it is closed. */
interface RedisClient {
  readonly redis: Redis;
  reason(): unknown;
}

async function createClient(
  url: string,
  where: string,
  options: RedisOptions,
): Promise<RedisClient> {
  const settings = parseRedisUrl(url, where);
  const { Redis: Client } = await import("ioredis");
  const redis = new Client({ ...settings, lazyConnect: true, ...options });
  let reason: unknown;
  let refused: CheckError | undefined;
  redis.on("error", (error) => {
    reason = error;
    if (!isRefusedDatabase(error)) return;
    // The driver would go on in the first database, which is somebody else's.
    refused = new CheckError("it has no database of that number");
    redis.disconnect();
  });
  redis.on("ready", () => (reason = refused = undefined));
  return { redis, reason: () => refused ?? reason };
}

/** The driver notes with an answer of Redis which command it was for. */
function isRefusedDatabase(error: Error): boolean {
  const { command } = error as { readonly command?: { readonly name?: string } };
  return error.name === "ReplyError" && command?.name === "select";
}

/**
 * The driver's settings from a `redis://` or `rediss://` URL.
 *
 * The driver's own parser takes anything that is no URL for a host name, and shows it in errors.
 * redis-py's `ssl_cert_reqs=none` is understood, because a Python app shares its variable with us.
 *
 * @param where names it in messages, best by its environment variable
 */
export function parseRedisUrl(text: string, where = "the Redis URL"): RedisOptions {
  const isRedis = /^rediss?:\/\//i.test(text);
  if (!isRedis || !URL.canParse(text)) {
    const remedy =
      "Write it as redis://host:6379/0, with user:password@ before the host, and characters such as # / @ in them encoded.";
    throw new ConfigurationError([{ where, message: "is not a URL of Redis.", remedy }]);
  }
  const url = new URL(text);
  const database = url.pathname.slice(1) || url.searchParams.get("db") || "0";
  if (!/^\d{1,9}$/.test(database)) {
    const remedy = "End it with /0, or with the number of another database.";
    throw new ConfigurationError([{ where, message: "names no number of a database.", remedy }]);
  }
  const password = decodeUrlPart(url.password);
  const username = decodeUrlPart(url.username);
  const verify = !/^(cert_)?none$/i.test(url.searchParams.get("ssl_cert_reqs") ?? "");
  return {
    host: url.hostname.replace(/^\[|\]$/g, "") || "localhost",
    port: Number(url.port || 6379),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    db: Number(database),
    ...(url.protocol === "rediss:" ? { tls: { rejectUnauthorized: verify } } : {}),
  };
}
