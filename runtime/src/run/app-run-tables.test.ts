import { expect, onTestFinished, test } from "vitest";
import { query } from "../../testing/postgres.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { usePostgres } from "../../testing/servers.ts";
import { watchAppTables } from "./app-run-tables.ts";

const postgres = usePostgres();
const PATIENCE = { timeout: 30_000 };

const TABLE = `CREATE TABLE IF NOT EXISTS scheduler_job_runs(
  job_name text PRIMARY KEY, last_run_at timestamptz, duration_ms int, status text, error_snippet text)`;

const UPSERT = `INSERT INTO scheduler_job_runs VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (job_name) DO UPDATE SET last_run_at = $2, duration_ms = $3, status = $4, error_snippet = $5`;

test("runs that the app writes into its own table become records, each once, and alert", async (context) => {
  const { url } = await postgres(context);
  await query(url, TABLE);
  const upsert = (...values: unknown[]) => query(url, UPSERT, values);
  const appRuns = {
    urlEnv: "DATABASE_URL",
    table: "public.scheduler_job_runs",
    job: "apisports_refresh",
  };
  const { process, alerts } = await scratchProcess({
    jobs: [{ name: "refresh", startedBy: "app", appRuns, alerts: { on: ["fail"] } }],
    env: { DATABASE_URL: url },
  });
  const recorded = async () =>
    (await process.records.list({ job: "refresh", limit: 10 })).map((it) => [
      it.status,
      it.startedAt,
    ]);
  await upsert("apisports_refresh", "2026-02-14T10:00:00.123456Z", 1200, "success", null);
  await upsert("apisports_daily", "2026-02-14T11:00:00Z", 1, "failure", "not ours");

  const watch = await watchAppTables(process, 50);
  await expect.poll(recorded, PATIENCE).toEqual([["ok", "2026-02-14T10:00:00.123Z"]]);
  await upsert("apisports_refresh", "2026-02-14T16:00:00Z", 80, "failure", "KeyError: odds");
  await expect.poll(recorded, PATIENCE).toHaveLength(2);
  await watch.stop();
  const again = await watchAppTables(process, 50);
  onTestFinished(() => again.stop());
  await upsert("apisports_refresh", "2026-02-14T22:00:00Z", 80, "success", "");
  await expect.poll(recorded, PATIENCE).toHaveLength(3);

  expect(await recorded()).toEqual([
    ["ok", "2026-02-14T22:00:00.000Z"],
    ["failed", "2026-02-14T16:00:00.000Z"],
    ["ok", "2026-02-14T10:00:00.123Z"],
  ]);
  const [, failed] = await process.records.list({ job: "refresh", limit: 10 });
  expect(failed).toMatchObject({ actor: "app", durationMs: 80, error: "KeyError: odds" });
  expect(alerts.map(({ kind }) => kind)).toEqual(["fail"]);
});

test("a table that cannot be read is said once, and its runs are taken when it can", async (context) => {
  const { url } = await postgres(context);
  const columns = { job: "name", lastRunAt: "at", status: "state", durationMs: "ms", error: "why" };
  const appRuns = { urlEnv: "DATABASE_URL", table: "late_runs", columns };
  const { process } = await scratchProcess({
    jobs: [{ name: "sync", startedBy: "app", appRuns }],
    env: { DATABASE_URL: url },
  });
  const watch = await watchAppTables(process, 50);
  onTestFinished(() => watch.stop());

  await query(
    url,
    "CREATE TABLE late_runs(name text, at timestamptz, state text, ms int, why text)",
  );
  await query(
    url,
    "INSERT INTO late_runs VALUES ('sync', now(), 'exploded', 5, NULL), ('sync', now() + interval '1 s', 'running', NULL, NULL)",
  );

  await expect
    .poll(() => process.records.list({ job: "sync", limit: 5 }), PATIENCE)
    .toMatchObject([
      { status: "failed", error: 'the app\'s table has the unknown status "exploded"' },
    ]);
});
