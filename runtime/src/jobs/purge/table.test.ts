import { expect, onTestFinished, test } from "vitest";
import { jobContext } from "../../../testing/job-context.ts";
import { query } from "../../../testing/postgres.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { usePostgres } from "../../../testing/servers.ts";
import { runJob } from "../../run/run-job.ts";
import { work as purgeRows } from "./work.ts";

const postgres = usePostgres();

/** A run on these tables, by the login of the URL. */
function given(url: string, { tables }: { tables: readonly unknown[] }) {
  const options = { retentionDays: 90, tables };
  return jobContext({ directory: "/", env: { DATABASE_URL: url }, options });
}

async function names(url: string, table: string): Promise<unknown[]> {
  const rows = await query(url, `SELECT name FROM ${table} ORDER BY name`);
  return rows.map((row) => row["name"]);
}

test("all that is wrong with the tables is told at once, and nothing is deleted", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE TABLE events (name int, created_at timestamptz, size int);
     CREATE VIEW recent AS SELECT * FROM events;
     INSERT INTO events VALUES (1, '2001-01-01')`,
  );
  const tables = [
    "events",
    "job_runs",
    { table: "events", column: "happened_at" },
    { table: "events", column: "size" },
    "recent",
  ];

  const error = await purgeRows(given(url, { tables })).catch((it: unknown) => String(it));

  expect(error).toContain('options/tables/1: there is no table "job_runs".');
  expect(error).toContain('options/tables/2: "events" has no column "happened_at".');
  expect(error).toContain(
    'tables/3: "size" of "events" should be a date or a timestamp, got integer.',
  );
  expect(error).toContain('options/tables/4: "recent" is not a table.');
  expect(await names(url, "events")).toEqual([1]);
});

test("the record of a run tells every one of many problems, although its error is cut", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const tables = Array.from({ length: 9 }, (_, n) => `missing_table_number_${n}`);
  const options = { tables, retentionDays: 90 };
  const { process } = await scratchProcess({
    jobs: [{ name: "purge", uses: "purge", options }],
    env: { DATABASE_URL: url },
  });

  const { error, details } = await runJob(process, { job: "purge", actor: "schedule" });

  expect(error).toMatch(/^9 problems/);
  expect(details["problems"]).toHaveLength(9);
  expect(details["problems"]).toContain(
    'jobs/purge/options/tables/8: there is no table "missing_table_number_8". Correct its name, or migrate the database first.',
  );
});

test("names keep their capitals and quotes, and a name is never SQL", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE SCHEMA "Audit"; CREATE TABLE "Audit"."Job""Runs" (name int, "createdAt" timestamptz);
     CREATE TABLE safe (name int);
     INSERT INTO "Audit"."Job""Runs" VALUES (1, '2001-01-01'), (2, now())`,
  );

  await query(
    url,
    `CREATE TABLE "Audit"."a.b" (name int, created_at timestamptz DEFAULT '2001-01-01')`,
  );
  await query(url, `INSERT INTO "Audit"."a.b" VALUES (1)`);

  const tables = [{ table: 'Audit.Job"Runs', column: "createdAt" }, '"Audit"."a.b"'];
  const { details } = await purgeRows(given(url, { tables }));
  const injected = purgeRows(given(url, { tables: ["safe; DROP TABLE safe"] }));

  expect(details).toMatchObject({ deleted: { 'Audit.Job"Runs': 1, '"Audit"."a.b"': 1 } });
  await expect(injected).rejects.toThrow('there is no table "safe; DROP TABLE safe".');
  expect(await names(url, "safe")).toEqual([]);
});

test("a schema that the login may not use is told with everything else that is wrong", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE ROLE guest_of_purge LOGIN; CREATE SCHEMA hidden;
     CREATE TABLE hidden.events (name int, created_at timestamptz)`,
  );
  onTestFinished(async () => void (await query(url, "DROP ROLE guest_of_purge")));
  const guest = new URL(url);
  guest.username = "guest_of_purge";

  const tables = ["hidden.events", "job_runs", "audit."];
  const error = await purgeRows(given(guest.href, { tables })).catch((it: unknown) => it);

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toContain("tables/0: this login may not select, update and delete rows of");
  expect(String(error)).toContain('tables/1: there is no table "job_runs".');
  expect(String(error)).toContain('tables/2: "audit." is not a name of a table.');
});

test("rows that row-level security hides from the login stay, and the run names their tables", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  await query(
    url,
    `CREATE ROLE tenant_of_purge LOGIN;
     CREATE TABLE letters (name int, org text, created_at timestamptz);
     ALTER TABLE letters ENABLE ROW LEVEL SECURITY;
     CREATE POLICY own ON letters USING (org = 'ours');
     GRANT SELECT, UPDATE, DELETE ON letters TO tenant_of_purge;
     INSERT INTO letters VALUES (1, 'ours', '2001-01-01'), (2, 'theirs', '2001-01-01')`,
  );
  onTestFinished(async () => {
    await query(url, "DROP OWNED BY tenant_of_purge; DROP ROLE tenant_of_purge");
  });
  const tenant = new URL(url);
  tenant.username = "tenant_of_purge";

  const hidden = await purgeRows(given(tenant.href, { tables: ["letters"] }));
  const owner = await purgeRows(given(url, { tables: ["letters"] }));

  expect(hidden.details).toMatchObject({ deleted: { letters: 1 }, filtered: ["letters"] });
  expect(owner.details).toMatchObject({ deleted: { letters: 1 } });
  expect(owner.details).not.toHaveProperty("filtered");
});
