import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startHttpServer, type TestAnswer } from "../../../testing/http-server.ts";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import { work as snapshotMetrics } from "./work.ts";

const AT = clockAt("2026-01-06T22:00:00Z");

/** A run against a metrics path that gives these answers in turn, in a directory of its own. */
async function scene(answers: TestAnswer[], options: Record<string, unknown> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "metrics-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { url, seen } = await startHttpServer(() => answers.shift() ?? "hang");
  const env = { WORKER_METRICS_URL: `${url}/metrics`, INTERNAL_API_KEY: "internal-k" };
  const context = jobContext({
    directory,
    env,
    options: { urlEnv: "WORKER_METRICS_URL", ...options },
  });
  return { directory, seen, context };
}

test("the JSON of a metrics path is in the run's record, asked for with the internal key", async () => {
  const body = { counters: { attempts: { pdf: 4 } }, queue_depths: { jobs: 2 } };
  const options = { tokenEnv: "INTERNAL_API_KEY", tokenHeader: "x-internal-key" };
  const { context, seen } = await scene([{ body }], options);

  const outcome = await snapshotMetrics(context, AT);

  expect(outcome).toEqual({ status: "ok", details: { metrics: body } });
  expect(seen).toMatchObject([{ url: "/metrics", headers: { "x-internal-key": "internal-k" } }]);
});

test("Prometheus text is kept as a line in the file of the day", async () => {
  const text = [
    "# TYPE joslyn_queue_depth gauge",
    'joslyn_queue_depth{queue="jobs"} 2',
    String.raw`joslyn_webhook_events_total{event="a\"b\\c",outcome="d\ne"} 3 1767736800000`,
    "up 1",
    "latency NaN",
  ].join("\n");
  const { context, directory } = await scene([{ body: text }, { body: "up 0" }], {
    directory: "metrics",
  });

  const first = await snapshotMetrics(context, AT);
  await snapshotMetrics(context, clockAt("2026-01-06T23:00:00Z"));

  expect(first.details).toEqual({ file: "metrics_20260106.jsonl", removed: [] });
  const lines = readFileSync(join(directory, "metrics", "metrics_20260106.jsonl"), "utf8");
  expect(
    lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    {
      ts: "2026-01-06T22:00:00.000Z",
      metrics: {
        joslyn_queue_depth: [{ labels: { queue: "jobs" }, value: 2 }],
        joslyn_webhook_events_total: [{ labels: { event: 'a"b\\c', outcome: "d\ne" }, value: 3 }],
        up: [{ labels: {}, value: 1 }],
        latency: [{ labels: {}, value: "NaN" }],
      },
    },
    { ts: "2026-01-06T23:00:00.000Z", metrics: { up: [{ labels: {}, value: 0 }] } },
  ]);
});

test("the newest files by name stay, and no other file is touched", async () => {
  const answers = [1, 2, 3].map(() => ({ body: "up 1" }));
  const { context, directory } = await scene(answers, { directory: ".", keepDays: 2 });
  writeFileSync(join(directory, "metrics_notes.jsonl"), "");

  for (const day of ["05", "06", "07"]) {
    await snapshotMetrics(context, clockAt(`2026-01-${day}T00:00:00Z`));
  }

  expect(readdirSync(directory).toSorted()).toEqual([
    "metrics_20260106.jsonl",
    "metrics_20260107.jsonl",
    "metrics_notes.jsonl",
  ]);
});

test.each([
  [
    { body: { queue_depths: { jobs: null }, errors: { jobs: "connection refused" } } },
    "jobs (connection refused)",
  ],
  [{ body: 'up 1\njoslyn_source_error{source="jobs"} 1' }, "jobs (unread)"],
])(
  "a source that could not be read fails the run, and what was read is kept",
  async (answer, what) => {
    const { context } = await scene([answer]);

    const error = await snapshotMetrics(context, AT).catch((it: unknown) => it);

    expect(error).toMatchObject({
      message: `the metrics lack sources: ${what}`,
      details: { metrics: expect.any(Object) },
    });
  },
);

test("an app that counts its errors is read, and its counts are no gaps", async () => {
  const body = { errors: { "ingest-pdf": 3 } };
  const { context } = await scene([{ body }]);

  expect(await snapshotMetrics(context, AT)).toEqual({ status: "ok", details: { metrics: body } });
});

test.each<[TestAnswer, string, number | undefined]>([
  [{ status: 503, body: "starting" }, "GET was answered with HTTP 503", 75],
  [{ status: 401, body: "no key" }, "GET was answered with HTTP 401", undefined],
  [{ body: "" }, "the response is empty.", undefined],
  [{ body: "<html>" }, "the response is neither JSON nor Prometheus text.", undefined],
  ["hang", "GET was not answered: timed out", 75],
])("a source that fails is an error and never a zero: %j", async (answer, message, exitCode) => {
  const { context, directory } = await scene([answer], { directory: "metrics", timeoutSeconds: 1 });

  const error = await snapshotMetrics(context, AT).catch((it: unknown) => it);

  expect(error).toMatchObject({ message: expect.stringContaining(message), exitCode });
  expect(readdirSync(directory)).toEqual([]);
});

test("a dry run asks nobody and says where it would write", async () => {
  const { context, seen } = await scene([], { directory: "metrics" });

  const outcome = await snapshotMetrics({ ...context, dryRun: true }, AT);

  const details = { dryRun: true, wouldWrite: "metrics_20260106.jsonl" };
  expect(outcome).toEqual({ status: "skipped", details });
  expect(seen).toEqual([]);
});
