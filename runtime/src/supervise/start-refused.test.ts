import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { startHttpServer } from "../../testing/http-server.ts";
import { usePostgres } from "../../testing/servers.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { freePort } from "../../testing/server-process.ts";
import { startTcpServer } from "../../testing/tcp-server.ts";
import { PATIENCE_MS, startSupervised, type Supervised } from "../../testing/supervised.ts";
import { EXIT } from "../contract/exit-code.ts";

vi.setConfig({ testTimeout: PATIENCE_MS * 2 });

const postgres = usePostgres();
const PATIENCE = { timeout: PATIENCE_MS };
const GRACE = { graceSeconds: 10 };
const MIGRATE = { kind: "sqlite", path: "shop.db", directory: "migrations" } as const;

test("a failed SQLite migration keeps the app down while health and ops say why, until an operator releases it", async () => {
  const { directory, file } = withMigration("INSERT INTO later VALUES (1);");
  const channel = await startHttpServer(() => ({ status: 204 }));
  const runtime = await startSupervised({
    directory,
    manifest: {
      app: { ...GRACE, migrate: MIGRATE },
      alerts: { channels: [{ name: "ops", kind: "webhook", urlEnv: "HOOK" }] },
    },
    env: { HOOK: channel.url },
  });

  const refused = await runtime.line("the app was not started");
  const [health, page, ready] = await Promise.all(
    ["/healthz", "/", "/readyz"].map((path) => runtime.get(path)),
  );
  const version = await runtime.ops("/version");
  const migrations = await runtime.ops("/migrations");

  const [problem = ""] = refused["problems"] as string[];
  expect(problem).toContain(
    'app/migrate: migration "001_bad" of shop.db failed: no such table: later. Deploy a corrected file or a version without it, or let this file run again: opspec-runtime migrations retry 001_bad --database ',
  );
  expect([health?.status, page?.status, ready?.status]).toEqual([503, 503, 503]);
  expect(health?.text).toContain("no such table: later");
  expect(version.body["notStarted"]).toEqual([problem]);
  expect(migrations.body["failed"]).toEqual([{ name: "001_bad", error: "no such table: later" }]);
  await expect
    .poll(() => channel.seen.map(({ body }) => body).join(), PATIENCE)
    .toContain("was not started");

  // What the message says, with the cause repaired.
  execute(join(directory, "shop.db"), "CREATE TABLE later (x); DELETE FROM opspec_migrations");
  expect((await runtime.ops("/restart", post())).status).toBe(202);
  await untilHealthy(runtime);
  expect(existsSync(file)).toBe(true);
});

test("a corrected migration and a version without it start on the database of the failed one", async () => {
  const { directory, file } = withMigration("INSERT INTO nowhere VALUES (1);");
  const options = { directory, manifest: { app: { ...GRACE, migrate: MIGRATE } } };
  const first = await startSupervised(options);
  await first.line("the app was not started");
  first.signal("SIGTERM");
  expect((await first.exited).code).toBe(EXIT.ok);

  rmSync(file);
  const without = await startSupervised(options);
  await untilHealthy(without);
  without.signal("SIGTERM");
  await without.exited;
  writeFileSync(file, "CREATE TABLE somewhere (x);");

  await untilHealthy(await startSupervised(options));
});

test("a failed seed keeps the app down until the file is restored, with no request of an operator", async () => {
  const directory = scratchDirectory();
  writeFileSync(join(directory, "shop.db"), "");
  const seed = { file: "shop.db", from: "seed.db" };

  const runtime = await startSupervised({ directory, manifest: { app: { ...GRACE, seed } } });
  const refused = await runtime.line("the app was not started");

  expect(String(refused["problems"])).toContain("exists and is empty");
  expect(runtime.lines.map(({ msg }) => msg)).not.toContain("the app was started");
  expect(readFileSync(join(directory, "shop.db"), "utf8")).toBe("");
  expect((await runtime.get("/healthz")).text).toContain("exists and is empty");
  execute(join(directory, "shop.db"), "CREATE TABLE orders (id)");
  await untilHealthy(runtime);
});

test("a gate that stays closed keeps the app down until it opens", async () => {
  const port = await freePort();
  const gate = { name: "cache", kind: "tcp", host: "127.0.0.1", port, timeoutSeconds: 1 } as const;

  const runtime = await startSupervised({ manifest: { app: { ...GRACE, gates: [gate] } } });
  await runtime.line("the app was not started");

  expect((await runtime.get("/healthz")).text).toContain(
    "app/gates/cache: did not open within 1 s",
  );
  await startTcpServer(() => {}, port);
  await untilHealthy(runtime);
});

test("a failed Postgres migration runs again only when an operator asks for it", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const command = "echo run >> runs; test -e repaired";
  const runtime = await startSupervised({
    env: { DATABASE_URL: url },
    manifest: { app: { ...GRACE, migrate: { kind: "postgres", command, urlEnv: "DATABASE_URL" } } },
  });
  const refused = await runtime.line("the app was not started");
  const again = await runtime.ops("/restart", post());
  const runs = () => readFileSync(join(runtime.directory, "runs"), "utf8").split("\n").length - 1;
  await expect.poll(runs, PATIENCE).toBe(2);
  writeFileSync(join(runtime.directory, "repaired"), "");

  expect(String(refused["problems"])).toContain("ended with exit code 1");
  expect(String(refused["problems"])).toContain("run it again with POST /ops/restart");
  // A command that fails within 0.1 s is in the answer.
  expect([202, 409]).toContain(again.status);
  await expect.poll(async () => (await runtime.ops("/restart", post())).status, PATIENCE).toBe(202);
  await untilHealthy(runtime);
  expect(runs()).toBe(3);
});

test("a refused start exits where the manifest says so and where no port answers, after its alert", async () => {
  const seed = { file: "shop.db", from: "absent.db" };
  const channel = await startHttpServer(() => ({ status: 204 }));
  const ends = [];
  for (const app of [{ refusedStart: "exit" as const }, { front: false }]) {
    const runtime = await startSupervised({
      manifest: {
        app: { ...GRACE, ...app, seed },
        alerts: { channels: [{ name: "ops", kind: "webhook", urlEnv: "HOOK" }], limitSeconds: 1 },
      },
      env: { HOOK: channel.url },
    });
    ends.push((await runtime.exited).code);
  }

  expect(ends).toEqual([EXIT.configuration, EXIT.configuration]);
  expect(channel.seen.map(({ body }) => body).join()).toContain("was not started");
});

function withMigration(text: string): { directory: string; file: string } {
  const directory = scratchDirectory();
  mkdirSync(join(directory, "migrations"));
  const file = join(directory, "migrations", "001_bad.sql");
  writeFileSync(file, text);
  return { directory, file };
}

function execute(path: string, text: string): void {
  using database = new DatabaseSync(path, { timeout: 5_000 });
  database.exec(text);
}

function post(): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
}

async function untilHealthy(runtime: Supervised): Promise<void> {
  await expect.poll(async () => (await runtime.get("/healthz")).status, PATIENCE).toBe(200);
}
