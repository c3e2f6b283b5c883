import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { RecentAlert } from "../../runtime/src/alerts/alert-state.ts";
import { openParlay, PARLAY_SECRETS, type ParlayScene, untilStatus } from "./parlay-scene.ts";
import type { Container } from "./parlay-vm.ts";
import { WAIT } from "./system-scene.ts";

/**
 * parlay-gorilla's runbook, claim by claim. Each test continues from the previous one.
 *
 * Real: Postgres and Redis, which `up` creates in the local cloud; the built runtime, with the
 * model's commands, variables and manifests of the two containers; HTTP.
 *
 * Not real: the VM. There is no Docker, systemd, HAProxy or Cloudflare, so the containers are
 * processes that the test starts and restarts, `localhost:8000` is another port, and a reboot of
 * the VM is not tested. The app is a stand-in in Node under the names of the real programs
 * (gunicorn, alembic, python), and Telegram is a server of the test.
 */
let scene: ParlayScene;
let replicas: readonly Container[];
let api: Container;
let scheduler: Container;

beforeAll(async () => {
  scene = await openParlay();
});

afterAll(() => scene?.close());

/** Telegram messages about the failing job. */
const told = () => scene.messages.filter(({ text }) => String(text).includes("apisports-refresh"));

/** The runtime's equivalent of the runbook's `python -m app.ops.migrate_with_lock`. */
const migrate = "/opt/opspec/opspec-runtime migrate --";

const TOKEN = { "x-ops-token": PARLAY_SECRETS.OPSPEC_OPS_TOKEN };
const jobsOf = async (headers = {}) => api.get("/ops/jobs", { ...TOKEN, ...headers });

test("Postgres and Redis are on Render, and the VM reaches them by their external addresses", async () => {
  const { cloud } = scene.system;

  expect(await cloud.storeUrl("postgres", "parlay-gorilla-main")).toMatch(
    /^postgres(ql)?:\/\/\S+\.render\.com/,
  );
  expect(await cloud.storeUrl("key-value", "parlay-gorilla-locks")).toMatch(
    /^rediss:\/\/\S+\.render\.com:6379$/,
  );
});

test("API runs migrations on boot under a lock: of two replicas only one migrates, the other waits and then starts", async () => {
  replicas = await Promise.all([scene.vm.start("api"), scene.vm.start("api")]);
  await Promise.all(replicas.map((it) => it.said("gunicorn listens")));

  const runs = await scene.rows("SELECT * FROM alembic_runs ORDER BY began_at");
  expect(runs.map((it) => it["migrated"])).toEqual([true, false]);
  expect(Number(runs[1]?.["began_at"])).toBeGreaterThanOrEqual(Number(runs[0]?.["ended_at"]));
  api = await scene.vm.start("api");
  await api.said("gunicorn listens");
});

test("the in-process scheduler is not started in the API: SCHEDULER_STANDALONE is true", async () => {
  await api.said("in-process scheduler not started");
});

test("the scheduler uses the same image and does not run migrations", async () => {
  scheduler = await scene.vm.start("scheduler");
  await scheduler.said("job ran");

  const runs = await scene.rows("SELECT process FROM alembic_runs");
  expect(runs.filter((it) => String(it["process"]).startsWith("scheduler"))).toEqual([]);
});

test("GET /healthz is liveness: { ok: true }; GET /readyz checks database and Redis", async () => {
  await untilStatus(api, "/readyz", 200);

  expect((await api.get("/healthz")).body).toEqual({ ok: true });
  expect((await api.get("/readyz")).body).toMatchObject({
    ok: true,
    checks: { database: true, redis: true },
  });
});

test("GET /ops/jobs with x-ops-token: last run status per scheduler job", async () => {
  const { status, body, headers } = await jobsOf({ "x-request-id": "req-jobs" });

  expect(status).toBe(200);
  expect(body).toEqual({
    jobs: ["apisports_daily", "apisports_refresh"].map((job) => ({
      job_name: job,
      last_run_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      duration_ms: expect.any(Number),
      status: "success",
      error_snippet: null,
      run_stats: { teams: 2 },
    })),
    request_id: "req-jobs",
  });
  expect(headers.get("cache-control")).toContain("no-store");
});

test("without the token nobody is told of the jobs, from localhost or through a proxy", async () => {
  const forwarded = { "x-forwarded-for": "203.0.113.7", "cf-connecting-ip": "203.0.113.7" };
  for (const headers of [{}, forwarded, { ...forwarded, host: "api.parlaygorilla.example.com" }]) {
    expect((await api.get("/ops/jobs", headers)).status).toBe(403);
  }
  expect((await jobsOf(forwarded)).status).toBe(200);
});

test("/ops/version and /ops/verify tell the commit to who has x-ops-token, and are closed to others", async () => {
  const headers = { "x-ops-token": PARLAY_SECRETS.OPS_VERIFY_TOKEN };
  const verify = await api.get("/ops/verify", headers);
  const version = await api.get("/ops/version", headers);

  expect(verify.body).toMatchObject({ ok: true, git_sha: "0123456" });
  expect(version.body).toMatchObject({ git_sha: "0123456" });
  expect((await api.get("/ops/verify", { "x-ops-token": "wrong" })).status).toBe(403);
  expect((await api.get("/ops/verify")).status).toBe(403);
});

test("the scheduler runs independently of API workers: of two with one Redis lock each due job runs once", async () => {
  const second = await scene.vm.start("scheduler");
  const before = await scene.rows("SELECT job FROM stand_in_runs");
  await scene.makeDue();

  await vi.waitFor(
    async () =>
      expect(await scene.rows("SELECT job FROM stand_in_runs")).toHaveLength(before.length + 1),
    WAIT,
  );
  await second.said("app was started");
  await second.end();

  const after = await scene.rows("SELECT job FROM stand_in_runs ORDER BY id");
  expect(after.slice(before.length)).toEqual([{ job: "apisports_refresh" }]);
});

test("manual migration uses the same lock: it waits for one that is under way", async () => {
  const holder = await scene.vm.start("api", {
    command: `${migrate} sh -c 'echo has-lock; sleep 3'`,
  });
  await holder.said("has-lock");
  const manual = await scene.vm.start("api", { command: `${migrate} alembic upgrade head` });

  const first = await Promise.race([
    holder.exited.then(() => "holder"),
    manual.exited.then(() => "manual"),
  ]);

  expect(first).toBe("holder");
  expect(await manual.exited).toBe(0);
});

test("MIGRATION_LOCK_TIMEOUT_SECONDS caps how long a replica waits for the lock before exiting non-zero", async () => {
  const holder = await scene.vm.start("api", {
    command: `${migrate} sh -c 'echo has-lock; sleep 60'`,
  });
  await holder.said("has-lock");
  const env = { MIGRATION_LOCK_TIMEOUT_SECONDS: "1" };

  const manual = await scene.vm.start("api", { command: `${migrate} alembic upgrade head`, env });
  const replica = await scene.vm.start("api", {
    manifest: (text) => text.replace('"deadlineSeconds": 600', '"deadlineSeconds": 1'),
  });

  expect(await manual.exited).toBe(75);
  expect(await replica.exited).not.toBe(0);
  await holder.end();
});

test("if the database is unreachable or migrations fail, the API container exits non-zero", async () => {
  const away = await scene.vm.start("api", {
    env: { DATABASE_URL: "postgres://u:p@127.0.0.1:1/db" },
  });
  const broken = await scene.vm.start("api", {
    manifest: (manifest) => manifest.replace("alembic upgrade head", "exit 3"),
  });

  expect(await away.exited).not.toBe(0);
  expect(await broken.exited).not.toBe(0);
  expect([...away.lines("gunicorn listens"), ...broken.lines("gunicorn listens")]).toEqual([]);
});

test("GET /readyz is 503 when Postgres or Redis is not reachable, and liveness goes on", async () => {
  for (const [line, name] of [
    [scene.postgres, "database"],
    [scene.redis, "redis"],
  ] as const) {
    line.cut();
    await untilStatus(api, "/readyz", 503);
    const { body } = await api.get("/readyz");
    expect(body).toMatchObject({ ok: false, checks: { [name]: false }, errors: expect.any(Array) });
    expect(JSON.stringify(body)).not.toContain("127.0.0.1");
    expect((await api.get("/healthz")).status).toBe(200);
    line.restore();
    await untilStatus(api, "/readyz", 200);
  }
});

test("a database that is away is told by /ops/jobs as a 500 with no jobs", async () => {
  scene.postgres.cut();
  const { status, body } = await jobsOf();
  scene.postgres.restore();

  expect([status, body]).toEqual([
    500,
    { error: expect.any(String), jobs: [], request_id: expect.any(String) },
  ]);
  await vi.waitFor(async () => expect((await jobsOf()).status).toBe(200), WAIT);
});

test("all error responses and logs include request_id", async () => {
  const id = { "x-request-id": "req-42" };
  const answers = [
    await api.get("/api/broken", id),
    await api.get("/nothing", id),
    await api.get("/ops/runs", id),
    await api.get("/ops/none", id),
  ];

  for (const { status, body, headers } of answers) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body["request_id"]).toBe("req-42");
    expect(headers.get("x-request-id")).toBe("req-42");
  }
  const paths = api.lines("req-42").map((it) => it["path"]);
  expect(paths).toEqual(expect.arrayContaining(["/api/broken", "/nothing", "/ops/runs"]));
  expect((await api.get("/nothing")).body["request_id"]).toMatch(/^[\w-]{20,}$/);
});

test("/sports state is not stale for hours: Cache-Control reaches the client on the critical paths", async () => {
  for (const path of ["/api/sports", "/api/games", "/api/analysis", "/api/game"]) {
    const { headers } = await api.get(path);
    expect(headers.get("cache-control")).toBe("max-age=60, must-revalidate");
  }
});

test("a failed job is told to Telegram with its error and a correlation id, and by /ops/jobs with its error_snippet", async () => {
  writeFileSync(scene.vm.faultFile, "ApiSportsError: roster is empty");
  await scene.makeDue();

  await vi.waitFor(() => expect(told()).toHaveLength(1), WAIT);

  const [message] = told();
  expect(message).toMatchObject({
    path: `/bot${PARLAY_SECRETS.TELEGRAM_BOT_TOKEN}/sendMessage`,
    chat_id: PARLAY_SECRETS.TELEGRAM_ALERT_CHAT_ID,
  });
  expect(message?.["text"]).toContain("roster is empty");
  expect(message?.["text"]).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-8/);
  expect((await jobsOf()).body["jobs"]).toContainEqual(
    expect.objectContaining({
      status: "failure",
      error_snippet: "ApiSportsError: roster is empty",
    }),
  );
});

test("scheduler failures send at most one Telegram alert, also after a restart of the scheduler", async () => {
  await scheduler.end();
  await scene.makeDue();
  scheduler = await scene.vm.start("scheduler");
  const token = { "x-ops-token": PARLAY_SECRETS.OPSPEC_OPS_TOKEN };

  await vi.waitFor(async () => {
    const { recent } = (await api.get("/ops/alerts", token)).body as { recent: RecentAlert[] };
    const failure = recent.find(({ key }) => key === "parlay-gorilla/apisports-refresh/fail");
    expect(failure?.count).toBeGreaterThan(1);
  }, WAIT);

  expect(told()).toHaveLength(1);
});

test("when the job runs again, that is told once", async () => {
  rmSync(scene.vm.faultFile);
  await scene.makeDue();

  await vi.waitFor(() => expect(told()).toHaveLength(2), WAIT);

  expect(told()[1]?.["text"]).toContain("runs again");
});

test("without its Redis the scheduler skips the cycle, and the loop goes on", async () => {
  scene.redis.cut();
  await scheduler.said("cycle failed");
  scene.redis.restore();
  await scene.makeDue();

  const due = "SELECT 1 FROM scheduler_job_runs WHERE last_run_at < now() - interval '6 hours'";
  await vi.waitFor(async () => expect(await scene.rows(due)).toEqual([]), WAIT);
});

test("restart everything: both containers come back and the job table is as it was", async () => {
  const before = (await jobsOf()).body["jobs"];
  const codes = await Promise.all([...replicas, api, scheduler].map((it) => it.end()));
  [api, scheduler] = await Promise.all([scene.vm.start("api"), scene.vm.start("scheduler")]);
  await api.said("gunicorn listens");

  expect(codes).toEqual([0, 0, 0, 0]);
  expect((await jobsOf()).body["jobs"]).toEqual(before);
});
