import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { usePostgres } from "../../testing/servers.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { PATIENCE_MS, startSupervised } from "../../testing/supervised.ts";

const postgres = usePostgres();

test("instances that start together migrate one after the other, each before its app", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const log = join(scratchDirectory(), "migrations");
  const command = `echo begin >> ${log}; sleep 0.5; echo end >> ${log}`;
  const options = {
    env: { DATABASE_URL: url },
    manifest: {
      app: {
        graceSeconds: 10,
        front: true,
        migrate: { kind: "postgres" as const, command, urlEnv: "DATABASE_URL" },
      },
    },
  };

  const instances = await Promise.all([startSupervised(options), startSupervised(options)]);
  const ready = instances.map(({ get }) =>
    expect.poll(async () => (await get("/healthz")).status, { timeout: PATIENCE_MS }).toBe(200),
  );
  await Promise.all(ready);

  expect(readFileSync(log, "utf8")).toBe("begin\nend\nbegin\nend\n");
});

test("a Postgres migration that fails keeps the app down, and a process without a port exits with its code", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const supervised = await startSupervised({
    env: { DATABASE_URL: url },
    argv: ["touch app-ran"],
    manifest: {
      app: {
        front: false,
        graceSeconds: 10,
        migrate: { kind: "postgres", command: "exit 9", urlEnv: "DATABASE_URL" },
      },
    },
  });

  expect((await supervised.exited).code).toBe(9);
  expect(existsSync(join(supervised.directory, "app-ran"))).toBe(false);
});

test("a database that is away stops the start for now, and no app runs", async () => {
  const supervised = await startSupervised({
    env: { DATABASE_URL: "postgres://app:hidden@127.0.0.1:1/shop" },
    argv: ["touch app-ran"],
    manifest: {
      app: {
        graceSeconds: 10,
        refusedStart: "exit",
        migrate: { kind: "postgres", command: "true", urlEnv: "DATABASE_URL" },
      },
    },
  });

  expect((await supervised.exited).code).toBe(75);
  expect(supervised.lines).toContainEqual(
    expect.objectContaining({
      level: "fatal",
      problems: [
        "DATABASE_URL: could not connect: connection refused. See whether it is up and whether this process may use it.",
      ],
    }),
  );
  expect(JSON.stringify(supervised.lines)).not.toContain("hidden");
  expect(existsSync(join(supervised.directory, "app-ran"))).toBe(false);
});

test("SQLite migrations that were renamed or removed after they ran are told at the start", async () => {
  const directory = scratchDirectory();
  const folder = join(directory, "migrations");
  mkdirSync(folder);
  writeFileSync(join(folder, "001_users.sql"), "CREATE TABLE users (name);");
  const options = {
    directory,
    manifest: {
      app: {
        graceSeconds: 10,
        restart: { policy: "never" as const },
        migrate: { kind: "sqlite" as const, path: "shop.db", directory: "migrations" },
      },
    },
    argv: ["true"],
  };
  await (
    await startSupervised(options)
  ).exited;
  renameSync(join(folder, "001_users.sql"), join(folder, "002_users.sql"));

  const again = await startSupervised(options);

  expect(await again.line("applied sqlite migrations are missing from their folder")).toMatchObject(
    { level: "warn", renamed: [{ from: "001_users", to: "002_users" }] },
  );
});

test("where the app migrates its file by itself, what it recorded is told and nothing is run", async () => {
  const directory = scratchDirectory();
  const database = new DatabaseSync(join(directory, "shop.db"));
  database.exec(`
    CREATE TABLE migration_log (id INTEGER PRIMARY KEY, name TEXT, success INTEGER, error_message TEXT);
    INSERT INTO migration_log (name, success, error_message) VALUES ('users', 1, NULL), ('offers', 0, 'locked')`);
  database.close();

  const runtime = await startSupervised({
    directory,
    manifest: {
      app: {
        graceSeconds: 10,
        migrate: { kind: "sqlite", path: "shop.db", directory: "none", owner: "app" },
      },
    },
  });

  expect(await runtime.line("the app's own migrations have failures")).toMatchObject({
    executed: 1,
    failed: [{ name: "offers", error: "locked" }],
  });
});

test("a folder of migrations that is not there refuses the start and says so", async () => {
  const runtime = await startSupervised({
    argv: ["touch app-ran"],
    manifest: {
      app: {
        graceSeconds: 10,
        migrate: { kind: "sqlite", path: "shop.db", directory: "none" },
      },
    },
  });

  const refused = await runtime.line("the app was not started");
  expect(String(refused["problems"])).toContain("app/migrate: shop.db could not be migrated");
});
