import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { RunRecord } from "../../contract/run-record.ts";
import { openFileRecords } from "./file-records.ts";
import { appendHistory } from "./history.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-file-records-"));
  path = join(directory, "runs.jsonl");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("lines that are corrupt or foreign are counted and stop nothing", async () => {
  const store = openFileRecords(path, 100);
  await store.finish(recordOf(1));
  appendFileSync(path, 'not json\n\n{"event":"end","job":"x"}\n{"cut off by a kill": ');

  const accepted = await store.finish(recordOf(2));

  expect(accepted).toBe(true);
  expect((await store.list({ limit: 10 })).map(({ runId }) => runId)).toEqual(["run-2", "run-1"]);
  expect(store.corruptLines()).toBe(3);
});

test("the file does not grow without end, and is replaced at once with its mode kept", async () => {
  const store = openFileRecords(path, 10);
  writeFileSync(path, "", { mode: 0o640 });

  for (let at = 0; at < 200; at++) await store.finish(recordOf(at));

  expect(readFileSync(path, "utf8").split("\n").length).toBeLessThan(15);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(directory)).toEqual(["runs.jsonl"]);
});

test("several processes append long lines at once while others rewrite, and every line stays whole", async () => {
  const module = join(import.meta.dirname, "file-records.ts");
  const program = `
    const { openFileRecords } = await import(${JSON.stringify(module)});
    const [path, worker] = process.argv.slice(1);
    // Each job has few runs, so that rewriting, which all of them do, drops only the noise of "busy".
    const store = openFileRecords(path, 40);
    const base = ${JSON.stringify(recordOf(0))};
    for (let at = 0; at < 30; at++) {
      const id = worker + "-" + at;
      const startedAt = new Date(1_700_000_000_000 + at).toISOString();
      const record = { ...base, job: "job-" + worker, runId: id, startedAt, details: { text: "x".repeat(20_000) } };
      await store.begin(record);
      if (!(await store.finish(record))) throw new Error("refused " + id);
      await store.finish({ ...base, job: "busy", runId: "busy-" + id, startedAt });
    }
  `;
  const workers = ["a", "b", "c", "d"].map((worker) =>
    spawn(process.execPath, ["--input-type=module", "-e", program, path, worker], {
      stdio: ["ignore", "inherit", "inherit"],
    }),
  );

  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, "exit"))[0]));

  const store = openFileRecords(path, 40);
  const counts = await Promise.all(
    ["a", "b", "c", "d"].map(
      async (it) => (await store.list({ job: `job-${it}`, limit: 99 })).length,
    ),
  );
  expect(codes).toEqual([0, 0, 0, 0]);
  expect(counts).toEqual([30, 30, 30, 30]);
  expect(store.corruptLines()).toBe(0);
  expect(await store.unfinished()).toEqual([]);
});

test("vega-cockpit's page finds its own names and words in its history file", () => {
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
