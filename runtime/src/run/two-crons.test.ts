import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clockAt } from "../../testing/job-context.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { runJob } from "./run-job.ts";

/** 10:00 in Vienna is 08:00 UTC in summer and 09:00 UTC in winter: two crons, of which one is real. */
const JOB = {
  name: "report",
  command: "echo x >> runs",
  startedBy: "process" as const,
  schedule: { pattern: "0 10 * * *", timezone: "Europe/Vienna" },
  slotToleranceSeconds: 900,
};

const TICK = { job: "report", actor: "schedule" };

const RECORDS = { records: { kind: "sqlite", path: "state.db" } } as const;
const LOCKS = { coordination: { kind: "sqlite", path: "state.db" } } as const;

test.each([
  ["2026-07-01T08:00:03Z", "ok", "2026-07-01T08:00:00.000Z"],
  ["2026-12-01T09:00:03Z", "ok", "2026-12-01T09:00:00.000Z"],
  ["2026-07-01T08:14:59Z", "ok", "2026-07-01T08:00:00.000Z"],
])("a tick at %s, also a late one, runs for its slot", async (now, status, scheduledFor) => {
  const { process } = await scratchProcess({ jobs: [JOB], clock: clockAt(now) });

  expect(await runJob(process, TICK)).toMatchObject({ status, scheduledFor });
});

test.each([
  ["2026-07-01T09:00:03Z", "2026-07-02T08:00:00.000Z"],
  ["2026-12-01T08:00:03Z", "2026-12-01T09:00:00.000Z"],
  ["2026-07-01T08:15:01Z", "2026-07-02T08:00:00.000Z"],
])(
  "the other cron's tick at %s is skipped, and its record says which one is real",
  async (now, nextSlot) => {
    const { process } = await scratchProcess({ jobs: [JOB], clock: clockAt(now) });

    const record = await runJob(process, TICK);

    expect(record).toMatchObject({
      status: "skipped",
      scheduledFor: new Date(now).toISOString(),
      details: { nextSlot, timezone: "Europe/Vienna" },
    });
    expect(record.details["reason"]).toMatch(/within the last 900 s/);
    expect(await process.records.list({ limit: 9 })).toEqual([record]);
  },
);

test.each([
  ["the claim of a coordination store", { ...RECORDS, ...LOCKS }],
  ["the records", RECORDS],
])("two ticks never run one slot twice: %s decides", async (_by, stores) => {
  const first = await scratchProcess({
    jobs: [JOB],
    manifest: { stores },
    clock: clockAt("2026-07-01T08:00:01Z"),
  });
  const second = await scratchProcess({
    jobs: [JOB],
    manifest: { stores },
    directory: first.directory,
    clock: clockAt("2026-07-01T08:03:00Z"),
  });

  expect(await runJob(first.process, TICK)).toMatchObject({ status: "ok" });
  const again = await runJob(second.process, TICK);

  expect(again).toMatchObject({ status: "skipped", attempt: 0 });
  expect(again.details["slot"]).toBe("2026-07-01T08:00:00.000Z");
  expect(readFileSync(join(first.directory, "runs"), "utf8")).toBe("x\n");
});

test("a slot is not run while the store that gives it out is away", async () => {
  const { process } = await scratchProcess({
    jobs: [JOB],
    manifest: { stores: { coordination: { kind: "redis", urlEnv: "LOCK_URL" } } },
    env: { LOCK_URL: "redis://127.0.0.1:1" },
    clock: clockAt("2026-07-01T08:00:03Z"),
  });

  expect(await runJob(process, TICK)).toMatchObject({ status: "failed", exitCode: 75, attempt: 0 });
});

test("a person's run is about now, whatever the crons do", async () => {
  const clock = clockAt("2026-07-01T15:00:00Z");
  const { process } = await scratchProcess({ jobs: [JOB], clock });

  expect(await runJob(process, { job: "report", actor: "manual ann" })).toMatchObject({
    status: "ok",
    actor: "manual ann",
    scheduledFor: "2026-07-01T15:00:00.000Z",
  });
});
