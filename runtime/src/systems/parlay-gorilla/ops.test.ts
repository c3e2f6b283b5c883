import { Client } from "pg";
import { expect, test } from "vitest";
import { OPS_TOKEN, scratchOps } from "../../../testing/scratch-ops.ts";
import { usePostgres } from "../../../testing/servers.ts";
import { openOps } from "../../ops/app.ts";

const postgres = usePostgres();

const MANIFEST = { health: { preset: "parlay-gorilla" as const } };
const LOCAL = {
  headers: { host: "localhost:8000", "x-request-id": "r-1", "x-ops-token": OPS_TOKEN },
  address: "127.0.0.1",
};

async function tableOf(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`
    CREATE TABLE scheduler_job_runs (
      job_name text PRIMARY KEY, last_run_at timestamptz, duration_ms integer,
      status text, error_snippet text, run_stats json);
    INSERT INTO scheduler_job_runs VALUES
      ('apisports_refresh', '2026-03-27T06:00:00Z', 1200, 'success', NULL, '{"teams": 3}'),
      ('apisports_daily', '2026-03-27T05:00:00Z', 90, 'failure', repeat('x', 3000), NULL);`);
  await client.end();
}

test("/ops/jobs tells the last run of each job of the app's scheduler, to who has the token", async (context) => {
  const { url } = await postgres(context);
  await tableOf(url);
  const ops = await scratchOps({ manifest: MANIFEST, env: { DATABASE_URL: url } });

  const { status, body } = await ops.ask("/ops/jobs", LOCAL);
  const { "x-ops-token": _, ...headers } = LOCAL.headers;
  const closed = await ops.ask("/ops/jobs", { ...LOCAL, headers });

  expect(status).toBe(200);
  expect(body).toEqual({
    jobs: [
      {
        job_name: "apisports_daily",
        last_run_at: "2026-03-27T05:00:00.000Z",
        duration_ms: 90,
        status: "failure",
        error_snippet: "x".repeat(2000),
        run_stats: null,
      },
      {
        job_name: "apisports_refresh",
        last_run_at: "2026-03-27T06:00:00.000Z",
        duration_ms: 1200,
        status: "success",
        error_snippet: null,
        run_stats: { teams: 3 },
      },
    ],
    request_id: "r-1",
  });
  expect([closed.status, closed.body["request_id"]]).toEqual([403, "r-1"]);
});

test("a database that is away is a 500 with no jobs and nothing of its address", async () => {
  const env = { DATABASE_URL: "postgres://who:canary@127.0.0.1:1/db" };
  const ops = await scratchOps({ manifest: MANIFEST, env });

  const { status, body } = await ops.ask("/ops/jobs", LOCAL);

  expect([status, body]).toEqual([
    500,
    { error: "the scheduler's runs cannot be read", jobs: [], request_id: "r-1" },
  ]);
});

test("verify and version say the commit to who has OPS_VERIFY_TOKEN, which opens nothing else", async () => {
  const env = { OPS_VERIFY_TOKEN: "verify-token-of-a-test", GIT_SHA: "0123456789abcdef" };
  const ops = await scratchOps({ manifest: MANIFEST, env });
  const headers = { "x-ops-token": "verify-token-of-a-test", "x-request-id": "r-2" };

  const verify = await ops.ask("/ops/verify", { headers });
  const version = await ops.ask("/ops/version", { headers });
  const wrong = await ops.ask("/ops/verify", { headers: { "x-ops-token": "wrong" } });

  expect(verify.body).toMatchObject({ ok: true, git_sha: "0123456", request_id: "r-2" });
  expect(version.body).toMatchObject({ git_sha: "0123456", environment: "production" });
  expect(wrong.status).toBe(403);
  expect((await ops.ask("/ops/runs", { headers })).status).toBe(401);
  expect((await ops.ask("/ops/api/jobs", { headers })).status).toBe(401);
});

test("our own jobs are where every system has them, below /ops/api", async () => {
  const ops = await scratchOps({ manifest: MANIFEST, jobs: [{ name: "trim" }] });

  expect((await ops.ask("/ops/api/jobs")).body["jobs"]).toMatchObject([{ name: "trim" }]);
  expect((await ops.ask("/ops/jobs/trim")).body).toMatchObject({ name: "trim" });
});

test("what the app tells of its own business under /ops is left to the app", async () => {
  const { process } = await scratchOps({ manifest: MANIFEST });
  const { isOwn } = openOps(process);

  expect(isOwn("/ops/model-health")).toBe(false);
  expect(isOwn("/ops/sport-state/nfl")).toBe(false);
  expect(isOwn("/ops/model-healthy")).toBe(true);
  expect(isOwn("/ops/jobs")).toBe(true);
});
