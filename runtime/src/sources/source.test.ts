import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { startHttpServer } from "../../testing/http-server.ts";
import { POSTGRES_PASSWORD, query } from "../../testing/postgres.ts";
import { usePostgres } from "../../testing/servers.ts";
import { SOURCE_BYTES_MAX } from "./file-source.ts";
import { readSource } from "./source.ts";
import type { SourceOptions } from "./source-reading.ts";

const postgres = usePostgres();

function deps(env: Record<string, string> = {}, more: Partial<SourceOptions> = {}): SourceOptions {
  const directory = mkdtempSync(join(tmpdir(), "source-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return { env, directory, ...more };
}

test("a JSON file gives a row an object, and one object is one row", async () => {
  const given = deps();
  writeFileSync(join(given.directory, "many.json"), '[{"a":1},{"a":2}]');
  writeFileSync(join(given.directory, "one.json"), '{"a":3}');

  expect(await readSource({ kind: "file", path: "many.json" }, given)).toEqual([
    { a: 1 },
    { a: 2 },
  ]);
  expect(await readSource({ kind: "file", path: "one.json" }, given)).toEqual([{ a: 3 }]);
});

test("a CSV file gives a row a line, by the names of its header", async () => {
  const given = deps();
  writeFileSync(
    join(given.directory, "a.csv"),
    '\uFEFFsku,title\n1,"Mug, blue"\n\n2,"Two\nlines"\n',
  );
  writeFileSync(join(given.directory, "b.txt"), "sku\n3\n");

  expect(await readSource({ kind: "file", path: "a.csv" }, given)).toEqual([
    { sku: "1", title: "Mug, blue" },
    { sku: "2", title: "Two\nlines" },
  ]);
  expect(await readSource({ kind: "file", path: "b.txt", format: "csv" }, given)).toEqual([
    { sku: "3" },
  ]);
});

test("what is wrong with a file is told without its content", async () => {
  const given = deps();
  writeFileSync(join(given.directory, "secret.json"), "hunter2 {");
  writeFileSync(join(given.directory, "list.json"), '["hunter2"]');
  writeFileSync(join(given.directory, "odd.csv"), 'a,b\n1,"hunter2');
  writeFileSync(join(given.directory, "huge.json"), Buffer.alloc(SOURCE_BYTES_MAX + 1));

  expect(await problem(readSource({ kind: "file", path: "secret.json" }, given))).toBe(
    "file secret.json: is not JSON.",
  );
  expect(await problem(readSource({ kind: "file", path: "list.json" }, given))).toBe(
    "file list.json: it is neither a list of objects nor one object.",
  );
  expect(await problem(readSource({ kind: "file", path: "odd.csv" }, given))).toBe(
    "file odd.csv: is not CSV with a header (CSV_QUOTE_NOT_CLOSED).",
  );
  expect(await problem(readSource({ kind: "file", path: "none.json" }, given))).toBe(
    "file none.json: there is no such file.",
  );
  expect(await problem(readSource({ kind: "file", path: "huge.json" }, given))).toBe(
    "file huge.json: it is larger than 33554432 bytes.",
  );
});

test("SQLite is read while it is written, and never written by a source", async () => {
  const given = deps();
  using writer = new DatabaseSync(join(given.directory, "app.db"));
  writer.exec(
    "PRAGMA journal_mode=WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1); BEGIN IMMEDIATE",
  );
  writer.exec("INSERT INTO t VALUES (2)");
  const source = { kind: "sql", path: "app.db" } as const;

  expect(await readSource({ ...source, query: "SELECT n FROM t" }, given)).toEqual([{ n: 1 }]);
  expect(await problem(readSource({ ...source, query: "DELETE FROM t" }, given))).toBe(
    "sql of app.db: attempt to write a readonly database.",
  );
  expect(await problem(readSource({ ...source, path: "no.db", query: "SELECT 1" }, given))).toBe(
    "sql of no.db: unable to open database file.",
  );
});

test("Postgres is read, and never written by a source", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(url, "CREATE TABLE t (n int)");
  await query(url, "INSERT INTO t VALUES (1), (2)");
  const given = deps({ DATABASE_URL: url });
  const source = { kind: "sql", urlEnv: "DATABASE_URL" } as const;

  expect(await readSource({ ...source, query: "SELECT n FROM t ORDER BY n" }, given)).toEqual([
    { n: 1 },
    { n: 2 },
  ]);
  expect(await problem(readSource({ ...source, query: "DELETE FROM t" }, given))).toBe(
    "sql of DATABASE_URL: cannot execute DELETE in a read-only transaction.",
  );
  expect(await problem(readSource({ ...source, query: "COMMIT; DELETE FROM t" }, given))).toBe(
    "sql of DATABASE_URL: cannot insert multiple commands into a prepared statement.",
  );
  expect(await query(url, "SELECT count(*)::int AS n FROM t")).toEqual([{ n: 2 }]);
});

test("a database that is away is told without its host, user or password", async (context) => {
  const url = new URL((await postgres(context)).url);
  const port = await closedPort();
  const source = { kind: "sql", urlEnv: "DATABASE_URL", query: "SELECT 1" } as const;
  const away = deps({ DATABASE_URL: `postgres://me:${POSTGRES_PASSWORD}@127.0.0.1:${port}/x` });
  url.pathname = "/not-there";

  expect(await problem(readSource(source, away))).toBe("sql of DATABASE_URL: connection refused.");
  expect(await problem(readSource(source, deps({ DATABASE_URL: url.href })))).toBe(
    "sql of DATABASE_URL: no such database.",
  );
  expect(await problem(readSource(source, deps()))).toBe(
    "sql of DATABASE_URL: the variable DATABASE_URL is not set. Set it.",
  );
  const garbled = deps({ DATABASE_URL: `postgres://me:${POSTGRES_PASSWORD}@host:port/x` });
  expect(await problem(readSource(source, garbled))).toMatch(
    /^sql of DATABASE_URL: it cannot be read as a URL\. Encode characters/,
  );
});

test("an HTTP source sends its token and gives the rows of the answer", async () => {
  const server = await startHttpServer(() => ({ body: [{ alert: "late" }] }));
  const given = deps({ ALERTS_URL: `${server.url}/alerts?key=hunter2`, TOKEN: "hunter3" });
  const source = { kind: "http", urlEnv: "ALERTS_URL", tokenEnv: "TOKEN" } as const;

  expect(await readSource(source, given)).toEqual([{ alert: "late" }]);
  expect(server.seen[0]?.headers["authorization"]).toBe("Bearer hunter3");
});

test("what is wrong with an HTTP source is told without its query, body or token", async () => {
  const server = await startHttpServer(({ url }) =>
    url.startsWith("/broken") ? { status: 500, body: "hunter2" } : { body: "hunter2" },
  );
  const broken = { kind: "http", url: `${server.url}/broken?key=hunter2` } as const;
  const given = deps({ AWAY: `http://me:hunter2@127.0.0.1:${await closedPort()}/` });

  expect(await problem(readSource(broken, given))).toBe(`http of ${server.url}/broken: HTTP 500.`);
  expect(await problem(readSource({ kind: "http", url: server.url }, given))).toBe(
    `http of ${server.url}/: is not JSON.`,
  );
  expect(await problem(readSource({ kind: "http", urlEnv: "AWAY" }, given))).not.toContain(
    "hunter2",
  );
});

test("a source that never answers fails in its time", async () => {
  const hanging = await startHttpServer(() => "hang");
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  const port = await portOf(silent);
  const given = deps({ DATABASE_URL: `postgres://a:b@127.0.0.1:${port}/x` }, { timeoutMs: 200 });

  expect(await problem(readSource({ kind: "http", url: hanging.url }, given))).toBe(
    `http of ${hanging.url}/: no answer in 200 ms.`,
  );
  const sql = { kind: "sql", urlEnv: "DATABASE_URL", query: "SELECT 1" } as const;
  expect(await problem(readSource(sql, given))).toBe("sql of DATABASE_URL: no answer in 200 ms.");
  silent.close();
});

test("a read that somebody stops ends at once and says so", async () => {
  const hanging = await startHttpServer(() => "hang");
  const stop = new AbortController();
  const read = readSource({ kind: "http", url: hanging.url }, deps({}, { signal: stop.signal }));

  stop.abort();

  expect(await problem(read)).toBe(`http of ${hanging.url}/: the read was stopped.`);
});

async function problem(read: Promise<unknown>): Promise<string> {
  const outcome = await read.then(
    () => "no problem",
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error("the read went well");
  expect(outcome.name).toBe("SourceError");
  return outcome.message;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  const port = await portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  return address.port;
}
