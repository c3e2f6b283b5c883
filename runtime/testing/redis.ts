import { Redis } from "ioredis";

import { findProgram } from "../../scripts/bootstrap/test-programs.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

/** A password that tests search for in texts that must not contain a URL. */
const REDIS_PASSWORD = "pass-of-redis";

/** The Redis of one test file. */
export interface TestRedis extends ServerProcess {
  readonly url: string;
  /** The URL of an unused database, so that tests are independent. */
  freshDatabase(): string;
  /** Empties all databases. */
  flush(): Promise<void>;
}

/** Number of databases; more than any test file has tests. */
const DATABASES = 512;

/** Starts a Redis without persistence. */
export async function startRedis(options: { port?: number } = {}): Promise<TestRedis> {
  const executable = findProgram("redis");
  if (executable === undefined) throw new Error("redis: not installed");
  const server = await startServer({
    ...options,
    name: "redis",
    command: async ({ port, directory }) => {
      const listen = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory];
      const forget = ["--save", "", "--appendonly", "no", "--databases", String(DATABASES)];
      return [executable, ...listen, "--requirepass", REDIS_PASSWORD, ...forget];
    },
    isReady: (port) => answers(urlOf(port)),
    stopSignal: "SIGKILL",
  });
  const url = urlOf(server.port);
  let used = 0;
  return {
    ...server,
    url,
    freshDatabase: () => `${url}/${(used += 1)}`,
    flush: () => withRedis(url, async (redis) => void (await redis.flushall())),
  };
}

/** Runs an action with a new connection. */
export async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: null });
  // The failing call reports the error.
  redis.on("error", () => {});
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return await withRedis(url, async (redis) => (await redis.ping()) === "PONG");
  } catch {
    return false;
  }
}

function urlOf(port: number): string {
  return `redis://:${REDIS_PASSWORD}@127.0.0.1:${port}`;
}
