import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { vi } from "vitest";
import { openDatabase } from "../../runtime/src/databases/postgres.ts";
import { startPostgres } from "../../runtime/testing/postgres.ts";
import { startRedis } from "../../runtime/testing/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../runtime/testing/tcp-proxy.ts";
import { type Container, openVm, type Vm } from "./parlay-vm.ts";
import { openSystem, type System, WAIT } from "./system-scene.ts";

/** Secrets of the operator, and generated ones. */
export const PARLAY_SECRETS = {
  OPSPEC_OPS_TOKEN: "ops-token-of-a-test",
  OPS_VERIFY_TOKEN: "verify-token-of-a-test",
  JWT_SECRET: "jwt-secret-of-a-test-with-32-letters",
  THE_ODDS_API_KEY: "odds-key-of-a-test",
  OPENAI_API_KEY: "openai-key-of-a-test",
  TELEGRAM_BOT_TOKEN: "123:telegram-token-of-a-test",
  TELEGRAM_ALERT_CHAT_ID: "-1001",
};

/** parlay-gorilla on this machine. */
export interface ParlayScene {
  readonly system: System;
  readonly vm: Vm;
  /** The connections to the stores, which tests cut. */
  readonly postgres: TcpProxy;
  readonly redis: TcpProxy;
  /** The requests to Telegram: path and body. */
  readonly messages: readonly Record<string, unknown>[];
  /** Rows of the app's database, over a connection that tests do not cut. */
  rows(query: string): Promise<Record<string, unknown>[]>;
  /** Makes the app's 6 h job due. */
  makeDue(): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Deploys the stack to the local cloud and starts the stand-in for the VM. The containers get
 * the addresses of the real Postgres and Redis instead of Render's.
 */
export async function openParlay(): Promise<ParlayScene> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const [postgresLine, redisLine] = await Promise.all([
    startTcpProxy(postgres.port),
    startTcpProxy(redis.port),
  ]);
  const databaseUrl = await postgres.freshDatabase();
  const messages: Record<string, unknown>[] = [];
  const telegram = await openTelegram(messages);
  const system = await openSystem({ stack: "parlay-gorilla", apps: {} });
  const vm = await openVm({
    secrets: PARLAY_SECRETS,
    databaseUrl: through(databaseUrl, postgresLine),
    redisUrl: through(redis.url, redisLine),
    env: {
      TELEGRAM_BASE_URL: `http://127.0.0.1:${(telegram.address() as AddressInfo).port}`,
      GIT_SHA: "0123456789abcdef",
      STAND_IN_CYCLE_SECONDS: "1",
    },
  });
  return {
    system,
    vm,
    postgres: postgresLine,
    redis: redisLine,
    messages,
    rows: (query) => rowsOf(databaseUrl, query),
    makeDue: () => rowsOf(databaseUrl, MAKE_DUE),
    close: async () => {
      await vm.close();
      await system.close();
      telegram.closeAllConnections();
      telegram.close();
      await Promise.all([postgresLine.close(), redisLine.close()]);
      await Promise.all([postgres.stop(), redis.stop()]);
    },
  };
}

/** One minute after the 6 h: due, and not yet late, which is alerted after 10 min. */
const MAKE_DUE = `
  UPDATE scheduler_job_runs SET last_run_at = now() - interval '361 minutes'
  WHERE job_name = 'apisports_refresh'`;

/** Waits until a path of a container answers with the status. */
export async function untilStatus(container: Container, path: string, is: number): Promise<void> {
  await vi.waitFor(async () => {
    const { status } = await container.get(path);
    if (status !== is) throw new Error(`${container.name}: ${path} says ${status}, not ${is}`);
  }, WAIT);
}

/** A server that accepts every message of a bot. */
async function openTelegram(messages: Record<string, unknown>[]): Promise<Server> {
  const server = createServer(async (request, response) => {
    messages.push({ path: request.url, ...JSON.parse(await text(request)) });
    response.setHeader("content-type", "application/json").end('{"ok":true}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function through(url: string, { port }: TcpProxy): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}

async function rowsOf(url: string, query: string): Promise<Record<string, unknown>[]> {
  const database = await openDatabase("DATABASE_URL", { DATABASE_URL: url });
  try {
    return await database.query("read the app's tables", query);
  } finally {
    await database.close();
  }
}
