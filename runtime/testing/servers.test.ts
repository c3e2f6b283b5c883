import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { expect, test } from "vitest";

import { requireCapability } from "../../tests/capabilities.ts";
import { query } from "./postgres.ts";
import { withRedis } from "./redis.ts";
import { usePgbouncer, usePostgres, useRedis } from "./servers.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

const postgres = usePostgres();
const redis = useRedis();
const pgbouncer = usePgbouncer(postgres, "transaction");

test("tests have databases of their own in one real Postgres", async (context) => {
  const server = await postgres(context);

  const [one, two] = [await server.freshDatabase(), await server.freshDatabase()];
  await query(one, "CREATE TABLE mine (id int)");

  const count = "SELECT count(*)::int AS n FROM pg_tables WHERE tablename = 'mine'";
  expect(await query(one, count)).toEqual([{ n: 1 }]);
  expect(await query(two, count)).toEqual([{ n: 0 }]);
});

test("a Redis is real, and empty after a flush", async (context) => {
  const server = await redis(context);

  await withRedis(server.url, (client) => client.set("a", "1"));
  await server.flush();

  expect(await withRedis(server.url, (client) => client.keys("*"))).toEqual([]);
});

test("in transaction mode a session of pgbouncer is not a session of Postgres", async (context) => {
  const server = await pgbouncer(context);
  const url = server.urlThrough(await (await postgres(context)).freshDatabase());
  const [one, other] = [
    new Client({ connectionString: url }),
    new Client({ connectionString: url }),
  ];
  await Promise.all([one.connect(), other.connect()]);

  const before = await backend(one);
  await other.query("BEGIN");
  const taken = await backend(other);
  const after = await backend(one);
  await Promise.all([one.end(), other.end()]);

  expect(taken).toBe(before);
  expect(after).not.toBe(before);
});

test("a Postgres ends with the test process that is killed", async (context) => {
  await requireCapability(context, "postgres");
  if (!existsSync("/usr/bin/setpriv")) return context.skip("no setpriv on this machine");
  const module = join(import.meta.dirname, "postgres.ts");
  const program = `
    const { startPostgres } = await import(${JSON.stringify(module)});
    const { pid } = await startPostgres();
    console.log(pid);
    setInterval(() => {}, 1000);
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(parent.stdout, "data");

  parent.kill("SIGKILL");

  const child = `/proc/${String(said).trim()}`;
  await expect.poll(() => existsSync(child), { timeout: 30_000 }).toBe(false);
});

test("a black hole lets nothing through and ends nothing; a cut ends what was open", async (context) => {
  const server = await redis(context);
  const proxy = await startTcpProxy(server.port);
  const url = server.url.replace(String(server.port), String(proxy.port));

  const [answered, lost] = await withRedis(url, async (client) => {
    const before = await client.ping();
    proxy.blackhole();
    const silence = Symbol("no answer");
    const after = await Promise.race([client.ping().catch(() => silence), sleep(300, silence)]);
    proxy.cut();
    await expect.poll(() => client.status).not.toBe("ready");
    return [before, after === silence];
  });
  await proxy.close();

  expect([answered, lost]).toEqual(["PONG", true]);
});

async function backend(client: Client): Promise<unknown> {
  return (await client.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid;
}
