import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { appendHistory } from "./history.ts";

test("vega-cockpit's page finds its own names and words in its history file", () => {
  const directory = scratchDirectory();
  const history = { path: "logs/vega_jobs.jsonl", names: { digest: "digest_run" } };
  const sent = { ...recordOf(1), job: "digest", details: { artifacts: ["a.csv"] } };
  const late = { ...recordOf(2), job: "other", status: "timed-out" as const, error: "took long" };

  appendHistory(history, sent, directory);
  appendHistory(history, late, directory);

  expect(readFileSync(join(directory, "logs/vega_jobs.jsonl"), "utf8")).toBe(
    [
      '{"ts":"2026-03-01T00:00:01.500Z","job":"digest_run","status":"ok","details":{"artifacts":["a.csv"]}}',
      '{"ts":"2026-03-01T00:00:02.500Z","job":"other","status":"error","details":{"outcome":"timed-out","error":"took long"}}',
      "",
    ].join("\n"),
  );
});

function recordOf(second: number): RunRecord {
  const startedAt = new Date(Date.parse("2026-03-01T00:00:00Z") + second * 1000).toISOString();
  return {
    job: "nightly",
    runId: `run-${second}`,
    scheduledFor: startedAt,
    startedAt,
    actor: "schedule",
    host: "here",
    commit: null,
    fence: 1,
    status: "ok",
    durationMs: 500,
    attempt: 1,
    exitCode: null,
    error: null,
    details: {},
  };
}
