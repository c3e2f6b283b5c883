import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { query } from "../../../testing/postgres.ts";
import { usePgbouncer, usePostgres } from "../../../testing/servers.ts";
import { migratePostgres, type PostgresMigration } from "./postgres.ts";

const postgres = usePostgres();
const transactionPooler = usePgbouncer(postgres, "transaction");
const sessionPooler = usePgbouncer(postgres, "session");

interface Trial {
  readonly directory: string;
  readonly lines: () => string;
  readonly stop: AbortController;
  migrate(argv: readonly string[], more?: Partial<PostgresMigration>): Promise<number>;
}

function trialOn(url: string): Trial {
  const directory = mkdtempSync(join(tmpdir(), "opspec-migrate-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const written: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void written.push(line) });
  const stop = new AbortController();
  const env = { ...process.env, DATABASE_URL: url };
  return {
    directory,
    stop,
    lines: () => written.join(""),
    migrate: (argv, more = {}) =>
      migratePostgres(
        { app: "shop", urlEnv: "DATABASE_URL", argv, ...more },
        { env, directory, log, signal: stop.signal },
      ),
  };
}

/** A command that is in the middle of its work until the file `go` is there. */
const held = ["sh", "-c", "touch started; while [ ! -e go ]; do sleep 0.05; done; echo one >> ran"];

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await delay(20);
}

test("two processes migrate: one runs, the other waits up to 600 s and says who holds the lock", async (context) => {
  const trial = trialOn(await (await postgres(context)).freshDatabase());
  const first = trial.migrate(held);
  await until(() => existsSync(join(trial.directory, "started")));

  const second = trial.migrate(["sh", "-c", "echo two >> ran"]);
  await until(() => trial.lines().includes("waiting for the migration lock"));
  const ranMeanwhile = existsSync(join(trial.directory, "ran"));
  writeFileSync(join(trial.directory, "go"), "");

  expect(await Promise.all([first, second])).toEqual([0, 0]);
  expect(ranMeanwhile).toBe(false);
  expect(readFileSync(join(trial.directory, "ran"), "utf8")).toBe("one\ntwo\n");
  expect(trial.lines()).toMatch(/"holder":\{"pid":\d+,"application":"opspec migrate shop"/);
  expect(trial.lines()).toMatch(/"remainingSeconds":(600|5\d\d)\b/);
});

test("a lock that is not free by the deadline ends with 75, and nothing was migrated", async (context) => {
  const trial = trialOn(await (await postgres(context)).freshDatabase());
  const first = trial.migrate(held);
  await until(() => existsSync(join(trial.directory, "started")));

  const code = await trial.migrate(["touch", "second"], { waitSeconds: 1 });
  writeFileSync(join(trial.directory, "go"), "");

  expect(code).toBe(75);
  expect(existsSync(join(trial.directory, "second"))).toBe(false);
  expect(trial.lines()).toContain("was not free in time");
  expect(await first).toBe(0);
});

test("the command's exit code is passed on, and the lock is free afterwards", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const trial = trialOn(url);

  expect(await trial.migrate(["sh", "-c", "exit 7"])).toBe(7);
  expect(await trial.migrate(["sh", "-c", "kill -9 $$"])).toBe(137);
  expect(await query(url, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
});

test("apps in one database, and databases of one app, do not wait for each other", async (context) => {
  const { freshDatabase } = await postgres(context);
  const url = await freshDatabase();
  const trial = trialOn(url);
  const first = trial.migrate(held);
  await until(() => existsSync(join(trial.directory, "started")));

  const codes = await Promise.all([
    trialOn(url).migrate(["true"], { app: "bakery", waitSeconds: 1 }),
    trialOn(await freshDatabase()).migrate(["true"], { waitSeconds: 1 }),
  ]);
  writeFileSync(join(trial.directory, "go"), "");

  expect(codes).toEqual([0, 0]);
  expect(await first).toBe(0);
});

test("told to stop while it waits, it leaves its place at the server", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const holder = trialOn(url);
  const waiter = trialOn(url);
  const first = holder.migrate(held);
  await until(() => existsSync(join(holder.directory, "started")));

  const second = waiter.migrate(["touch", "second"]);
  await until(() => waiter.lines().includes("waiting for the migration lock"));
  waiter.stop.abort();

  expect(await second).toBe(75);
  const waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
  await until(async () => (await query(url, waiting)).length === 0);
  writeFileSync(join(holder.directory, "go"), "");
  expect(await first).toBe(0);
  expect(existsSync(join(waiter.directory, "second"))).toBe(false);
});

test("told to stop while it migrates, it ends the command", async (context) => {
  const trial = trialOn(await (await postgres(context)).freshDatabase());
  const running = trial.migrate(["sh", "-c", "touch started; sleep 60"]);
  await until(() => existsSync(join(trial.directory, "started")));

  trial.stop.abort();

  expect(await running).toBe(143);
});

test("a command whose lock was lost is stopped, and ends with 75", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const trial = trialOn(url);
  const running = trial.migrate(["sh", "-c", "touch started; sleep 60"]);
  await until(() => existsSync(join(trial.directory, "started")));

  await query(
    url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'opspec migrate shop'",
  );

  expect(await running).toBe(75);
  expect(trial.lines()).toContain("was lost; the command was stopped");
});

test("at head there is nothing to migrate and no connection is made", async () => {
  const trial = trialOn("postgres://u:hidden@127.0.0.1:1/none");

  expect(await trial.migrate(["touch", "ran"], { atHead: "true" })).toBe(0);
  expect(existsSync(join(trial.directory, "ran"))).toBe(false);
});

test("postgresql+asyncpg URLs with ssl parameters are understood", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const trial = trialOn(`${url.replace(/^postgres(ql)?:/, "postgresql+asyncpg:")}?ssl=disable`);

  expect(await trial.migrate(["true"])).toBe(0);
});

test("a pooler that lends connections by transaction is detected and refused", async (context) => {
  const { freshDatabase } = await postgres(context);
  const pooler = await transactionPooler(context);
  const trial = trialOn(pooler.urlThrough(await freshDatabase()));

  const refused = trial.migrate(["touch", "ran"], { allowPoolerAddress: true });

  await expect(refused).rejects.toThrow(
    "DATABASE_URL: leads through a pooler that lends connections by transaction. A pooler gives the lock to another client",
  );
  expect(existsSync(join(trial.directory, "ran"))).toBe(false);
});

test.each([
  ["postgres://u:hidden@ep-cool-1-pooler.eu.example.com/shop", "its host name is a pooler's"],
  ["postgres://u:hidden@aws-0.pooler.example.com/shop", "its host name is a pooler's"],
  ["postgres://u:hidden@db.example.com:6543/shop", "port 6543 is a pooler's"],
  ["postgres://u:hidden@db.example.com/shop?pgbouncer=true", "it says pgbouncer=true"],
  ["sqlite:///data/shop.db", "is a SQLite file, which has no advisory locks."],
])("%s is refused without its text: %s", async (url, why) => {
  const refused = trialOn(url).migrate(["true"]);

  await expect(refused).rejects.toThrow(why);
  await expect(refused).rejects.not.toThrow("hidden");
});

test("the URL is in no line, also when nobody listens there", async () => {
  const trial = trialOn("postgres://u:hidden@127.0.0.1:1/none");

  const away = trial.migrate(["true"]);

  await expect(away).rejects.toThrow("DATABASE_URL: could not connect: connection refused.");
  await expect(away).rejects.not.toThrow(/hidden|127\.0\.0\.1/);
  expect(trial.lines()).not.toContain("hidden");
});

test("through a pooler that lends whole sessions the lock works", async (context) => {
  const { freshDatabase } = await postgres(context);
  const pooler = await sessionPooler(context);
  const trial = trialOn(pooler.urlThrough(await freshDatabase()));

  expect(await trial.migrate(["touch", "ran"], { allowPoolerAddress: true })).toBe(0);
  expect(existsSync(join(trial.directory, "ran"))).toBe(true);
});
