import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ManifestJob } from "../../contract/job.ts";
import { runJob } from "../../run/run-job.ts";
import { startHttpServer, type TestAnswer } from "../../../testing/http-server.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";

const SHA = "4f2c9a01d3b7e8c6a5f4e3d2c1b0a9f8e7d6c5b4";
const OLD = "1111111222222233333334444444555555566666";

/** A backend, a frontend and GitHub on one server, and a guardian that looks at them. */
async function scene(options: NonNullable<ManifestJob["options"]> = {}) {
  const answers: Record<string, TestAnswer> = {
    "/ops/verify": { body: { ok: true, git_sha: SHA.slice(0, 7) } },
    "/api/version": { body: { sha: SHA } },
    "/repos/example/app/commits/main": { body: { sha: SHA, commit: { message: "hello" } } },
    "/ops/jobs": { body: { jobs: [] } },
  };
  const server = await startHttpServer(({ url }) => answers[url] ?? { status: 404 });
  const directory = mkdtempSync(join(tmpdir(), "freshness-"));
  const place = (path: string) => ({ url: `${server.url}${path}` });
  const scratch = await scratchProcess({
    directory,
    env: { OPS_VERIFY_TOKEN: "ops-token-of-a-test" },
    jobs: [
      {
        name: "guardian",
        uses: "freshness",
        options: {
          backend: { ...place("/ops/verify"), tokenEnv: "OPS_VERIFY_TOKEN", header: "x-ops-token" },
          frontend: place("/api/version"),
          main: place("/repos/example/app/commits/main"),
          ...options,
        },
      },
      { name: "sync", command: "true" },
    ],
  });
  const { process, alerts } = scratch;
  const look = (more = {}) => runJob(process, { job: "guardian", actor: "schedule", ...more });
  return { ...scratch, look, answers, server, directory, alerts, process };
}

test("when all run main's commit the run is good, nobody is told, and the token is sent in its header", async () => {
  const { look, alerts, server } = await scene();

  const record = await look();

  expect(record).toMatchObject({
    status: "ok",
    details: { freshness: "OK", backend: SHA.slice(0, 7), frontend: SHA, main: SHA, stale: [] },
  });
  expect(alerts).toEqual([]);
  const verify = server.seen.find(({ url }) => url === "/ops/verify");
  expect(verify?.headers["x-ops-token"]).toBe("ops-token-of-a-test");
});

test("a drift fails the run with 1 and is told once, and so is its end", async () => {
  const { look, alerts, answers } = await scene();

  answers["/ops/verify"] = { body: { git_sha: OLD } };
  const drifted = [await look(), await look()];
  answers["/ops/verify"] = { body: { git_sha: SHA } };
  const well = await look();

  expect(drifted.map(({ status, error }) => [status, error])).toEqual([
    ["failed", "BACKEND_DRIFT"],
    ["failed", "BACKEND_DRIFT"],
  ]);
  expect(well.status).toBe("ok");
  expect(alerts.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([
    "rule: shop: BACKEND_DRIFT",
    "resolved: shop: OK",
  ]);
  expect(alerts[1]?.key).toBe(alerts[0]?.key);
});

test("a backend that does not answer is an ERROR that says why, and a main that is away is UNKNOWN", async () => {
  const { look, answers } = await scene();

  answers["/repos/example/app/commits/main"] = { status: 403 };
  const unknown = await look();
  answers["/ops/verify"] = { status: 502 };
  const broken = await look();

  expect(unknown).toMatchObject({
    status: "ok",
    details: { freshness: "UNKNOWN", main: "(HTTP 403)" },
  });
  expect(broken).toMatchObject({ status: "failed", error: "ERROR (the backend: HTTP 502)" });
});

test("a job whose last good run is too old fails the run, by the records or by /ops/jobs", async () => {
  const jobs = [{ job: "sync", withinSeconds: 3600 }];
  const recorded = await scene({ jobs });
  const never = await recorded.look();
  await runJob(recorded.process, { job: "sync", actor: "schedule" });
  const fresh = await recorded.look();

  const asked = await scene({ jobs, jobsFrom: { urlEnv: "JOBS_URL" } });
  const elsewhere = await scene({ jobs, jobsFrom: { url: `${asked.server.url}/ops/jobs` } });
  asked.answers["/ops/jobs"] = {
    body: { jobs: [{ job_name: "sync", last_run_at: ago(90), status: "success" }] },
  };
  const old = await elsewhere.look();
  asked.answers["/ops/jobs"] = {
    body: { jobs: [{ job_name: "sync", last_run_at: ago(5), status: "success" }] },
  };
  const good = await elsewhere.look();

  expect(never).toMatchObject({ status: "failed", error: "OK (sync never ran)" });
  expect(fresh).toMatchObject({ status: "ok" });
  expect(old.error).toMatch(/^OK \(sync ran 54\d\d s ago\)$/);
  expect(good).toMatchObject({ status: "ok" });
  expect(await asked.look()).toMatchObject({
    exitCode: 78,
    error: expect.stringContaining("JOBS_URL: is not set."),
  });
});

test("the commit of main may be said by a variable", async () => {
  const { look } = await scene({ main: { commitEnv: "MAIN_SHA" } });

  expect(await look()).toMatchObject({ status: "ok", details: { freshness: "UNKNOWN" } });
});

test("a dry run sends no alert and says that it would", async () => {
  const { look, alerts, answers, directory } = await scene();
  answers["/api/version"] = { body: { sha: OLD } };

  const record = await look({ dryRun: true });

  expect(record.details).toMatchObject({ freshness: "FRONTEND_DRIFT", wouldAlert: true });
  expect(alerts).toEqual([]);
  expect(readdirSync(directory).filter((name) => name.includes("guardian"))).toEqual([]);
});

test("another fault is another alert, and the one that it replaces ends without a message", async () => {
  const jobs = [{ job: "sync", withinSeconds: 3600 }];
  const { look, alerts, answers, process } = await scene({ jobs });

  answers["/api/version"] = { body: { sha: OLD } };
  await look();
  answers["/ops/verify"] = { status: 502 };
  await look();
  await runJob(process, { job: "sync", actor: "schedule" });
  await look();
  answers["/api/version"] = { body: { sha: SHA } };
  answers["/ops/verify"] = { body: { git_sha: SHA } };
  await look();
  await look();

  expect(alerts.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([
    "rule: shop: FRONTEND_DRIFT",
    "rule: shop: sync never ran",
    "rule: shop: ERROR (the backend: HTTP 502)",
    "resolved: shop: sync runs again",
    "resolved: shop: OK",
  ]);
});

test("a fault that lasts is repeated each hour", async () => {
  const { look, answers, process } = await scene();
  const sent: unknown[] = [];
  const send = process.alerts.send;
  process.alerts.send = (event) => {
    sent.push(event.repeatSeconds);
    return send(event);
  };
  answers["/ops/verify"] = { body: { git_sha: OLD } };

  await look();
  await look();

  expect(sent).toEqual([3600, 3600]);
});

function ago(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}
