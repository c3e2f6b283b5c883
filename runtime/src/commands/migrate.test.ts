import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { usePostgres } from "../../testing/servers.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";

const MAIN = join(import.meta.dirname, "..", "main.ts");
const postgres = usePostgres();

interface Typed {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; output: string }>;
}

function type(args: readonly string[], cwd: string, env: Record<string, string> = {}): Typed {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  return { child, ended: once(child, "close").then(([code]) => ({ code, output })) };
}

async function untilThere(path: string): Promise<void> {
  while (!existsSync(path)) await delay(20);
}

test("migrate passes the exit code of its command on", async (context) => {
  const env = { DATABASE_URL: await (await postgres(context)).freshDatabase() };

  const { code } = await type(["migrate", "--", "sh", "-c", "exit 9"], scratchDirectory(), env)
    .ended;

  expect(code).toBe(9);
});

test("the lock is free as soon as a process that held it is killed", async (context) => {
  const directory = scratchDirectory();
  const url = await (await postgres(context)).freshDatabase();
  const env = { MIGRATION_DATABASE_URL: url, DATABASE_URL: "unused" };
  const holder = type(["migrate", "--", "sh", "-c", "touch held; sleep 5"], directory, env);
  await untilThere(join(directory, "held"));

  const next = type(["migrate", "--", "touch", "next"], directory, env);
  holder.child.kill("SIGKILL");

  expect((await next.ended).code).toBe(0);
  expect(existsSync(join(directory, "next"))).toBe(true);
});

test("a database that is away is one line without its address, and a 75", async () => {
  const env = { DATABASE_URL: "postgres://app:hidden@127.0.0.1:1/shop" };

  const { code, output } = await type(["migrate", "--", "true"], scratchDirectory(), env).ended;

  expect(code).toBe(75);
  expect(output.trim().split("\n")).toHaveLength(1);
  expect(JSON.parse(output)).toMatchObject({ level: "fatal", code: "ECONNREFUSED" });
  expect(output).not.toMatch(/hidden|127\.0\.0\.1|stack/);
});

test("told to stop, it stops the command and ends with its code", async (context) => {
  const directory = scratchDirectory();
  const env = { DATABASE_URL: await (await postgres(context)).freshDatabase() };
  const running = type(["migrate", "--", "sh", "-c", "touch held; sleep 60"], directory, env);
  await untilThere(join(directory, "held"));

  running.child.kill("SIGTERM");

  expect((await running.ended).code).toBe(143);
});

test.each<{ env: Record<string, string>; code: number; says: string }>([
  { env: {}, code: 78, says: "DATABASE_URL: is not set." },
  { env: { DATABASE_URL: "sqlite:///x.db" }, code: 78, says: "is a SQLite file" },
  { env: { MIGRATION_LOCK_TIMEOUT_SECONDS: "soon" }, code: 2, says: 'got "soon"' },
])("$says is told with the exit code $code", async ({ env, code, says }) => {
  const ended = await type(["migrate", "--", "true"], scratchDirectory(), env).ended;

  expect(ended.code).toBe(code);
  expect(ended.output).toContain(says);
});

test("without a command its usage is told", async () => {
  const ended = await type(["migrate"], scratchDirectory()).ended;

  expect(ended.code).toBe(2);
  expect(ended.output).toContain("Usage: opspec-runtime migrate");
});

test("migrations of a SQLite file are run, and a failed one is put right by hand", async () => {
  const directory = scratchDirectory();
  mkdirSync(join(directory, "migrations"));
  writeFileSync(join(directory, "migrations", "001_users.sql"), "CREATE TABLE users (name);");
  writeFileSync(join(directory, "migrations", "002_bad.sql"), "nonsense");
  const place = ["--database", "shop.db", "--directory", "migrations"];

  const run = await type(["migrations", "run", ...place], directory).ended;
  const order = ["--by", "ana", "--confirm", "002_bad"];
  const marked = await type(["migrations", "mark", "002_bad", ...place, ...order], directory).ended;
  const again = await type(["migrations", "run", ...place], directory).ended;
  const wrong = await type(["migrations", "retry", "002_bad", ...place, ...order], directory).ended;

  expect(run.code).toBe(1);
  expect(JSON.parse(run.output)).toMatchObject({
    executed: ["001_users"],
    failed: { id: "002_bad" },
  });
  expect(JSON.parse(marked.output)).toMatchObject({
    applied: [{ id: "001_users" }, { id: "002_bad", by: "ana" }],
    audit: [{ action: "mark", by: "ana" }],
  });
  expect(again.code).toBe(0);
  expect(wrong).toEqual({
    code: 2,
    output: 'migration "002_bad": was applied, so there is nothing to retry.\n',
  });
});
