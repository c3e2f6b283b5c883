import { expect, test } from "vitest";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import { query } from "../../../testing/postgres.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { usePostgres } from "../../../testing/servers.ts";
import { runJob } from "../../run/run-job.ts";
import { work as purgeRows } from "./work.ts";

const postgres = usePostgres();

function given(url: string, options: Record<string, unknown>, more: object = {}) {
  const env = { DATABASE_URL: url };
  return jobContext({ directory: "/", env, options: { retentionDays: 90, ...options }, ...more });
}

async function names(url: string, table: string): Promise<unknown[]> {
  const rows = await query(url, `SELECT name FROM ${table} ORDER BY name`);
  return rows.map((row) => row["name"]);
}

test("old rows of each table go, in batches, and are counted by table", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE TABLE job_runs (name int, created_at timestamptz);
     CREATE TABLE notifications (name int, created_at timestamp(3));
     CREATE TABLE events (name int, created_at timestamptz);
     INSERT INTO job_runs SELECT n, now() - interval '91 days' FROM generate_series(1, 25) n;
     INSERT INTO job_runs SELECT n, now() - interval '89 days' FROM generate_series(26, 30) n;
     INSERT INTO notifications VALUES (1, now() at time zone 'UTC' - interval '91 days')`,
  );

  const tables = ["job_runs", "notifications", "events"];
  const { status, details } = await purgeRows(given(url, { tables, batch: 10 }));

  expect(status).toBe("ok");
  expect(details).toMatchObject({
    retentionDays: 90,
    deleted: { job_runs: 25, notifications: 1, events: 0 },
    total: 26,
    batches: 5,
  });
  expect(await names(url, "job_runs")).toEqual([26, 27, 28, 29, 30]);
});

test("a row exactly as old as the retention stays, whatever the zone of the server", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const database = new URL(url).pathname.slice(1);
  await query(url, `ALTER DATABASE "${database}" SET timezone = 'Pacific/Kiritimati'`);
  await query(
    url,
    `CREATE TABLE zoned (name text, created_at timestamptz);
     CREATE TABLE plain (name text, created_at timestamp(3));
     CREATE TABLE days (name text, created_at date);
     INSERT INTO zoned VALUES ('at', '2026-01-01T10:00:00Z'), ('before', '2026-01-01T09:59:59.999Z');
     INSERT INTO plain VALUES ('at', '2026-01-01T10:00:00'), ('before', '2026-01-01T09:59:59.999');
     INSERT INTO days VALUES ('at', '2026-01-01'), ('before', '2025-12-31')`,
  );

  const clock = clockAt("2026-04-01T10:00:00.000Z");
  const { details } = await purgeRows(given(url, { tables: ["zoned", "plain", "days"] }), clock);

  expect(details).toMatchObject({ cutoff: "2026-01-01T10:00:00.000Z", total: 3 });
  for (const table of ["zoned", "plain", "days"]) expect(await names(url, table)).toEqual(["at"]);
});

test("a dry run counts and deletes nothing", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE TABLE events (name int, created_at timestamptz);
     INSERT INTO events VALUES (1, '2001-01-01'), (2, '2001-01-01'), (3, now())`,
  );

  const outcome = await purgeRows(given(url, { tables: ["events"] }, { dryRun: true }));

  expect(outcome).toMatchObject({ status: "skipped", details: { wouldDelete: { events: 2 } } });
  expect(await names(url, "events")).toEqual([1, 2, 3]);
});

test("a failure tells what went before it, by table", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE TABLE events (name int, created_at timestamptz);
     CREATE TABLE users (name int PRIMARY KEY, created_at timestamptz);
     CREATE TABLE letters (author int REFERENCES users);
     INSERT INTO events VALUES (1, '2001-01-01'); INSERT INTO users VALUES (1, '2001-01-01');
     INSERT INTO letters VALUES (1)`,
  );

  const run = purgeRows(given(url, { tables: ["events", "users"] }));

  await expect(run).rejects.toMatchObject({
    message:
      "users: rows of another table refer to old ones (23503). Purge that table first, or add ON DELETE CASCADE.",
    details: { deleted: { events: 1, users: 0 }, total: 1 },
    exitCode: undefined,
  });
  expect(await names(url, "users")).toEqual([1]);
});

test("what a trigger refuses is no temporary failure, and its text, which may hold the row, is not repeated", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE TABLE events (name int, created_at timestamptz);
     CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
       AS $$ BEGIN RAISE EXCEPTION 'row of ana@example.com'; END $$;
     CREATE TRIGGER keep BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse();
     INSERT INTO events VALUES (1, '2001-01-01')`,
  );

  const run = purgeRows(given(url, { tables: ["events"] }));

  await expect(run).rejects.toMatchObject({
    message: "events: the database refused to delete old rows (P0001). See its log.",
    exitCode: undefined,
  });
});

test("rows of a partitioned table go from the right partition", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE TABLE events (name int, created_at timestamptz) PARTITION BY RANGE (created_at);
     CREATE TABLE old PARTITION OF events FOR VALUES FROM ('2001-01-01') TO ('2002-01-01');
     CREATE TABLE new PARTITION OF events DEFAULT;
     INSERT INTO events SELECT n, '2001-06-01' FROM generate_series(1, 5) n;
     INSERT INTO events SELECT n, now() FROM generate_series(6, 10) n`,
  );

  const { details } = await purgeRows(given(url, { tables: ["events"], batch: 2 }));

  expect(details).toMatchObject({ deleted: { events: 5 }, batches: 3 });
  expect(await names(url, "events")).toEqual([6, 7, 8, 9, 10]);
});

test.each(["", "0", "-1", "ninety", "NULL", "1.5", "999999999"])(
  "a retention of %j is refused by the name of its variable, and nothing is deleted",
  async (value) => {
    const { process } = await scratchProcess({
      jobs: [
        {
          name: "purge",
          uses: "purge",
          options: { tables: ["events"], retentionDays: { env: "RETENTION_DAYS" } },
        },
      ],
      env: { RETENTION_DAYS: value, DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" },
    });

    const record = await runJob(process, { job: "purge", actor: "schedule" });

    expect(record).toMatchObject({ status: "failed", exitCode: 78 });
    expect(record.error).toMatch(/^RETENTION_DAYS: /);
  },
);

test("a retention that is set to nothing is refused although the spec has a default", async () => {
  const { process } = await scratchProcess({
    jobs: [
      {
        name: "purge",
        uses: "purge",
        options: { tables: ["events"], retentionDays: { env: "RETENTION_DAYS", default: 90 } },
      },
    ],
    env: { RETENTION_DAYS: "", DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" },
  });

  const record = await runJob(process, { job: "purge", actor: "schedule" });

  expect(record).toMatchObject({ status: "failed", exitCode: 78 });
  expect(record.error).toMatch(/^RETENTION_DAYS: is empty./);
});

test("a database that is away is a temporary failure and tells nothing of its URL", async () => {
  const url = "postgres://me:hidden@127.0.0.1:1/app";

  const error = await purgeRows(given(url, { tables: ["events"] })).catch((it: unknown) => it);

  expect(error).toMatchObject({ exitCode: 75 });
  expect(String(error)).toContain("DATABASE_URL: could not connect: connection refused");
  expect(String(error)).not.toContain("hidden");
});
