import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { clockAt } from "../../testing/job-context.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { runJob } from "./run-job.ts";

const SCHEDULED = { actor: "schedule" };

async function untilExists(path: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!existsSync(path)) {
    if (Date.now() > deadline) throw new Error(`${path} is not there in time`);
    await sleep(20);
  }
}

test("a run that succeeds is recorded with its slot, attempt and exit code", async () => {
  const schedule = { pattern: "0 * * * *", timezone: "UTC" };
  const { process } = await scratchProcess({
    jobs: [{ name: "trim", command: "true", schedule }],
    env: { RENDER_GIT_COMMIT: "abc123", RENDER_INSTANCE_ID: "srv-1" },
    clock: clockAt("2026-03-01T10:00:07Z"),
  });

  const record = await runJob(process, { job: "trim", ...SCHEDULED });

  expect(record).toMatchObject({
    job: "trim",
    status: "ok",
    scheduledFor: "2026-03-01T10:00:00.000Z",
    startedAt: "2026-03-01T10:00:07.000Z",
    actor: "schedule",
    attempt: 1,
    exitCode: 0,
    error: null,
    host: "srv-1",
    commit: "abc123",
  });
  expect(await process.records.list({ limit: 9 })).toEqual([record]);
  expect(await process.records.unfinished()).toEqual([]);
});

test("a run that fails is recorded with its last words and without secrets", async () => {
  const { process } = await scratchProcess({
    jobs: [{ name: "trim", command: "echo lost $API_TOKEN; exit 7" }],
    env: { API_TOKEN: "planted-token" },
  });

  const record = await runJob(process, { job: "trim", ...SCHEDULED });

  expect(record).toMatchObject({
    status: "failed",
    exitCode: 7,
    error: "the command ended with 7: lost [redacted]",
    details: { tail: "lost [redacted]" },
  });
  expect(JSON.stringify(await process.records.list({ limit: 9 }))).not.toContain("planted-token");
});

test("a run that takes longer than its deadline is ended with its children and recorded as timed-out", async () => {
  const { process } = await scratchProcess({
    jobs: [{ name: "slow", command: "sleep 300; true", deadlineSeconds: 1, graceSeconds: 5 }],
  });

  const record = await runJob(process, { job: "slow", ...SCHEDULED });

  expect(record).toMatchObject({ status: "timed-out", error: "the run exceeded its deadline" });
  expect(record.durationMs).toBeGreaterThanOrEqual(1_000);
});

test("a declared exit is tried again until it succeeds, and the record says how often", async () => {
  const command = "echo x >> tries; test $(wc -l < tries) -ge 3 || exit 9";
  const { process } = await scratchProcess({
    jobs: [{ name: "flaky", command, retries: { max: 5, backoffSeconds: 0.01, on: [9] } }],
  });

  const record = await runJob(process, { job: "flaky", ...SCHEDULED });

  expect(record).toMatchObject({ status: "ok", attempt: 3 });
});

test.each([
  [75, 3],
  [78, 1],
  [4, 1],
])("with retries on other exits, %i makes %i attempts", async (exitCode, attempts) => {
  const { process } = await scratchProcess({
    jobs: [
      {
        name: "flaky",
        command: `exit ${exitCode}`,
        retries: { max: 2, backoffSeconds: 0.01, on: [9] },
      },
    ],
  });

  const record = await runJob(process, { job: "flaky", ...SCHEDULED });

  expect(record).toMatchObject({ status: "failed", attempt: attempts, exitCode });
});

test("an option with an invalid variable fails the run as a configuration error that names it", async () => {
  const { process } = await scratchProcess({
    jobs: [
      {
        name: "trim",
        uses: "dead-letter-trim",
        options: { keep: { env: "DEAD_LETTER_KEEP", default: 1 } },
      },
    ],
    env: { DEAD_LETTER_KEEP: "many" },
  });

  const record = await runJob(process, { job: "trim", ...SCHEDULED });

  expect(record).toMatchObject({ status: "failed", exitCode: 78 });
  expect(record.error).toMatch(/^DEAD_LETTER_KEEP: /);
});

test("a job whose toggle is off does nothing and is recorded as skipped", async () => {
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "digest", command: "touch done", toggles: ["digest"] }],
    manifest: {
      toggles: [{ name: "digest", reader: { kind: "marker", path: ".digest_disabled" } }],
    },
  });
  writeFileSync(join(directory, ".digest_disabled"), "");

  const record = await runJob(process, { job: "digest", ...SCHEDULED });

  expect(record).toMatchObject({ status: "skipped", attempt: 0, details: { toggle: "digest" } });
  expect(existsSync(join(directory, "done"))).toBe(false);
});

test("a run that could not start in time for its slot is skipped; by hand it runs", async () => {
  const { process } = await scratchProcess({
    jobs: [{ name: "report", command: "true", latestStartSeconds: 60 }],
    clock: clockAt("2026-03-01T10:02:00Z"),
  });
  const request = { job: "report", scheduledFor: new Date("2026-03-01T10:00:00Z") };

  expect(await runJob(process, { ...request, actor: "catch-up" })).toMatchObject({
    status: "skipped",
    details: { reason: "it could not start within 60 s of its slot", lateSeconds: 120 },
  });
  expect(await runJob(process, { ...request, actor: "manual ann" })).toMatchObject({
    status: "ok",
    actor: "manual ann",
  });
});

test("forbid: a run that is due while the job runs is skipped with the reason", async () => {
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "slow", command: "touch started; while ! test -e go; do sleep 0.05; done" }],
  });
  const first = runJob(process, { job: "slow", ...SCHEDULED });
  await untilExists(join(directory, "started"));

  const second = await runJob(process, { job: "slow", ...SCHEDULED });
  writeFileSync(join(directory, "go"), "");

  expect(second).toMatchObject({ status: "skipped", details: { reason: "it is still running" } });
  expect(second.details["runningRunId"]).toBe((await first).runId);
  expect((await first).status).toBe("ok");
});

test("queue: one run waits for the one before it, and a third is skipped", async () => {
  const command = "touch started; while ! test -e go; do sleep 0.05; done; echo x >> runs";
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "slow", command, overlap: "queue" }],
  });
  const first = runJob(process, { job: "slow", ...SCHEDULED });
  await untilExists(join(directory, "started"));

  const second = runJob(process, { job: "slow", ...SCHEDULED });
  const third = await runJob(process, { job: "slow", ...SCHEDULED });
  writeFileSync(join(directory, "go"), "");

  expect(third).toMatchObject({
    status: "skipped",
    details: { reason: "it is running, and another run waits already" },
  });
  expect([(await first).status, (await second).status]).toEqual(["ok", "ok"]);
  expect(readFileSync(join(directory, "runs"), "utf8")).toBe("x\nx\n");
});

test("replace: the running one is interrupted and recorded, and the new one runs", async () => {
  const command = "touch started; while ! test -e go; do sleep 0.05; done";
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "slow", command, overlap: "replace" }],
  });
  const first = runJob(process, { job: "slow", ...SCHEDULED });
  await untilExists(join(directory, "started"));

  const second = runJob(process, { job: "slow", ...SCHEDULED });

  expect(await first).toMatchObject({
    status: "interrupted",
    error: "a newer run replaced it",
    details: { cause: "replaced" },
  });
  writeFileSync(join(directory, "go"), "");
  expect((await second).status).toBe("ok");
});

test("allow: runs of a job go on beside each other", async () => {
  const command = "echo x >> started; until test $(wc -l < started) -ge 2; do sleep 0.05; done";
  const { process } = await scratchProcess({
    jobs: [{ name: "both", command, overlap: "allow", deadlineSeconds: 15 }],
  });

  const records = await Promise.all([
    runJob(process, { job: "both", ...SCHEDULED }),
    runJob(process, { job: "both", ...SCHEDULED }),
  ]);

  expect(records.map(({ status }) => status)).toEqual(["ok", "ok"]);
});

test("the stop of the process interrupts its runs, also those that wait", async () => {
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "slow", command: "touch started; sleep 300", overlap: "queue" }],
  });
  const first = runJob(process, { job: "slow", ...SCHEDULED });
  await untilExists(join(directory, "started"));
  const second = runJob(process, { job: "slow", ...SCHEDULED });

  process.stop.abort();

  expect(await first).toMatchObject({
    status: "interrupted",
    attempt: 1,
    details: { cause: "stopped" },
  });
  expect(await second).toMatchObject({ status: "interrupted", attempt: 0 });
});

test("a dry run says what it would do, and changes and records nothing", async () => {
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "trim", command: "touch done" }],
  });

  const record = await runJob(process, { job: "trim", actor: "manual ann", dryRun: true });

  expect(record).toMatchObject({ status: "skipped", details: { wouldRun: "touch done" } });
  expect(existsSync(join(directory, "done"))).toBe(false);
  expect(await process.records.list({ limit: 9 })).toEqual([]);
});

test("every run is a line of the app's own history, under the app's own name", async () => {
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "digest-weekdays", command: "true" }],
    manifest: {
      stores: { history: { path: "vega_jobs.jsonl", names: { "digest-weekdays": "digest_run" } } },
    },
  });

  await runJob(process, { job: "digest-weekdays", ...SCHEDULED });

  const line = JSON.parse(readFileSync(join(directory, "vega_jobs.jsonl"), "utf8"));
  expect(line).toEqual({
    ts: expect.any(String),
    job: "digest_run",
    status: "ok",
    details: {},
  });
});

test("a command knows its run by variables, and gets secret files as they came", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "opspec-secret-")), "token");
  writeFileSync(file, "planted-token");
  const { process, directory } = await scratchProcess({
    jobs: [{ name: "show", command: "env > seen" }],
    env: { API_TOKEN_FILE: file },
  });

  const record = await runJob(process, { job: "show", actor: "manual ann" });

  const seen = readFileSync(join(directory, "seen"), "utf8");
  expect(seen).toContain(`OPSPEC_RUN_ID=${record.runId}\n`);
  expect(seen).toContain("OPSPEC_JOB=show\n");
  expect(seen).toContain("OPSPEC_ACTOR=manual ann\n");
  expect(seen).toContain(`API_TOKEN_FILE=${file}\n`);
  expect(seen).not.toContain("planted-token");
  expect(process.env["API_TOKEN"]).toBe("planted-token");
});
