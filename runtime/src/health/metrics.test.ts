import { expect, onTestFinished, test, vi } from "vitest";
import { scratchHealth, type ScratchHealth } from "../../testing/scratch-health.ts";
import type { Check } from "./check.ts";

/** Most time that a probe takes on a busy machine, in ms. */
const PATIENCE_MS = 10_000;

const CHECKS: readonly Check[] = [
  {
    name: "jobs",
    kind: "info",
    probeKind: "queue",
    queue: "jobs",
    probe: async () => ({ value: 3 }),
  },
  {
    name: "dead",
    kind: "info",
    probeKind: "queue",
    queue: "jobs:dead",
    probe: () => Promise.reject(Object.assign(new Error("x"), { code: "ECONNREFUSED" })),
  },
];

async function measured(): Promise<ScratchHealth> {
  const scratch = scratchHealth({}, { checks: CHECKS });
  onTestFinished(() => scratch.health.close());
  scratch.health.start();
  await vi.waitFor(
    () => expect(scratch.health.results().every((it) => it.state !== "unknown")).toBe(true),
    PATIENCE_MS,
  );
  return scratch;
}

test("the JSON and the text of the metrics have the same names, labels and values", async () => {
  const { health, get } = await measured();
  health.noteRun({ job: "digest", runId: "1", status: "ok", durationMs: 1500, attempt: 2 });
  health.noteRun({ job: "digest", runId: "2", status: "failed", durationMs: 500, attempt: 1 });
  health.noteEvent("job.failed");
  health.reportComponent("discord", { ok: true });
  health.beat("loop");

  const { text } = await get("/metrics");
  const { body } = await get("/metrics.json");

  expect(samplesOfJson(body)).toEqual(samplesOfText(text));
  expect(samplesOfText(text)).toEqual(
    expect.arrayContaining([
      'opspec_job_runs_total{job="digest",status="ok"} 1',
      'opspec_job_attempts_total{job="digest"} 3',
      'opspec_job_duration_seconds_sum{job="digest"} 2',
      'opspec_job_duration_seconds_count{job="digest"} 2',
      'opspec_events_total{event="job.failed"} 1',
      'opspec_component_ok{component="discord"} 1',
      'opspec_queue_depth{queue="jobs"} 3',
    ]),
  );
});

test("a source that failed is an error, and not 0", async () => {
  const { get } = await measured();

  const samples = samplesOfText((await get("/metrics")).text);

  expect(samples.filter((it) => it.includes("jobs:dead"))).toEqual([]);
  expect(samples.filter((it) => it.startsWith("opspec_source_error"))).toEqual([
    'opspec_source_error{source="dead"} 1',
    'opspec_source_error{source="jobs"} 0',
  ]);
});

test("label values with quotes, backslashes and newlines are escaped", async () => {
  const { health, get } = await measured();

  health.noteEvent('a"b\\c\nd');

  expect((await get("/metrics")).text).toContain(
    String.raw`opspec_events_total{event="a\"b\\c\nd"} 1`,
  );
});

test("the Accept header asks for JSON, and the text is of the format's type", async () => {
  const { get } = await measured();

  const text = await get("/metrics");
  const json = await get("/metrics", { accept: "application/json" });

  expect(text.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(json.body).toHaveProperty("metrics.opspec_ready");
});

test("a metric is read by its labels, and is undefined when it is absent, but a counter is 0", async () => {
  const { health } = await measured();

  const values = [
    await health.metricValue("opspec_queue_depth", { queue: "jobs" }),
    await health.metricValue("opspec_queue_depth", { queue: "jobs:dead" }),
    await health.metricValue("nothing"),
    await health.metricValue("opspec_job_runs_total", { status: "failed" }),
    await health.metricValue("opspec_job_runs_total", { stauts: "failed" }),
  ];

  expect(values).toEqual([3, undefined, undefined, 0, undefined]);
});

test("a program that makes up names does not fill the memory", async () => {
  const { health, get } = await measured();

  for (let at = 0; at < 5000; at += 1) {
    health.reportComponent(`c${at}`, { ok: true });
    health.noteEvent(`e${at}`);
    health.noteRun({ job: `j${at}`, runId: `${at}`, status: "ok" });
  }

  const lines = (await get("/metrics")).text.split("\n");
  expect(lines.length).toBeLessThan(2000);
});

function samplesOfText(text: string): string[] {
  return text
    .split("\n")
    .filter((it) => it !== "" && !it.startsWith("#"))
    .toSorted();
}

function samplesOfJson(body: unknown): string[] {
  const { metrics } = body as {
    metrics: Record<string, { labels: Record<string, string>; value: number }[]>;
  };
  return Object.entries(metrics)
    .flatMap(([name, samples]) =>
      samples.map(({ labels, value }) => {
        const pairs = Object.entries(labels).map(([key, it]) => `${key}="${it}"`);
        return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
      }),
    )
    .toSorted();
}
