import { expect, test } from "vitest";
import { runJob } from "../../run/run-job.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { figuresOf } from "./work.ts";
import type { RunRecord } from "../../contract/run-record.ts";

function run(status: RunRecord["status"], durationMs: number, attempt = 1): RunRecord {
  const at = "2026-01-06T22:00:00.000Z";
  const start = { job: "sync", runId: "r", scheduledFor: at, startedAt: at, actor: "schedule" };
  const where = { host: "h", commit: null, fence: 0 };
  return {
    ...start,
    ...where,
    status,
    durationMs,
    attempt,
    exitCode: null,
    error: null,
    details: {},
  };
}

test("a job's figures are its runs, the share of good ones, their mean and the 95th of a hundred", () => {
  const good = Array.from({ length: 19 }, (_, n) => run("ok", (n + 1) * 10));

  expect(figuresOf("sync", [...good, run("failed", 5000, 3), run("skipped", 0)])).toEqual({
    job: "sync",
    runs: 20,
    skipped: 1,
    failed: 1,
    okPercent: 95,
    avgMs: 345,
    p95Ms: 190,
    retries: 2,
  });
  expect(figuresOf("other", good)).toMatchObject({ runs: 0, okPercent: null, p95Ms: null });
});

test("the summary of all jobs is a line for each and one message", async () => {
  const { process, alerts } = await scratchProcess({
    jobs: [
      { name: "good", command: "true" },
      { name: "bad", command: "false" },
      { name: "idle", command: "true" },
      { name: "summary", uses: "run-summary" },
    ],
  });
  await runJob(process, { job: "good", actor: "schedule" });
  await runJob(process, { job: "bad", actor: "schedule" });
  await runJob(process, { job: "bad", actor: "schedule" });

  const record = await runJob(process, { job: "summary", actor: "schedule" });

  expect(record).toMatchObject({
    status: "ok",
    details: {
      delivery: "sent",
      jobs: [
        { job: "good", runs: 1, okPercent: 100 },
        { job: "bad", runs: 2, okPercent: 0, failed: 2 },
        { job: "idle", runs: 0, okPercent: null },
      ],
    },
  });
  expect(alerts.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([
    "notice: shop: 3 runs of 3 jobs in 24 h; bad failed 2 of 2",
  ]);
});
