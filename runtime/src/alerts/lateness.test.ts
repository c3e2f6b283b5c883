import { expect, onTestFinished, test } from "vitest";
import type { ManifestJob } from "../contract/job.ts";
import { createLogger } from "../log.ts";
import type { RecordStore, RunRecord, RunStart } from "../contract/run-record.ts";
import type { Env } from "../contract/env.ts";
import { memoryRecords } from "../../testing/memory-records.ts";
import { listSink } from "../../testing/list-sink.ts";
import { manualClock } from "../../testing/scratch-health.ts";
import { watchLateness } from "./lateness.ts";

const HOURLY: ManifestJob = {
  name: "flush",
  uses: "command",
  startedBy: "schedule",
  schedule: { pattern: "0 * * * *", timezone: "UTC" },
  deadlineSeconds: 300,
  alerts: { on: ["late", "stuck", "recovered"] },
};

/** A watch that began at 10:00:00 UTC; the slots of an hourly job are 11:00, 12:00, … */
async function watched(job: ManifestJob, options: { env?: Env; records?: RecordStore } = {}) {
  const clock = manualClock("2026-11-22T10:00:00.000Z");
  const records = options.records ?? memoryRecords();
  const alerts = listSink();
  const { sent } = alerts;
  const watch = watchLateness({
    manifest: { system: "shop", stack: "shop", process: "web", jobs: [job] },
    records,
    alerts,
    env: options.env ?? {},
    log: createLogger({ manifest: undefined, env: {}, name: "lateness", write: () => {} }),
    clock,
  });
  onTestFinished(() => watch.stop());
  await watch.evaluate();
  /** Looks at a time of the same day; tells what was sent. */
  const at = async (time: string): Promise<string[]> => {
    const to = Date.parse(`2026-11-22T${time}Z`);
    clock.advance((to - clock.now().getTime()) / 1000);
    const before = sent.length;
    await watch.evaluate();
    return sent.slice(before).map(({ kind, title }) => `${kind}: ${title}`);
  };
  return { at, records, sent };
}

function start(job: string, time: string, runId: string = crypto.randomUUID()): RunStart {
  const at = `2026-11-22T${time}.000Z`;
  return {
    job,
    runId,
    scheduledFor: at,
    startedAt: at,
    actor: "schedule",
    host: "h",
    commit: null,
    fence: 1,
  };
}

function ended(run: RunStart, end: Partial<RunRecord> = {}): RunRecord {
  return {
    ...run,
    status: "ok",
    durationMs: 1000,
    attempt: 1,
    exitCode: 0,
    error: null,
    details: {},
    ...end,
  };
}

test("a slot for which nothing started is told once, and again when the job runs", async () => {
  const { at, records, sent } = await watched(HOURLY);

  const told = [await at("11:05:00"), await at("11:05:01"), await at("11:40:00")];
  await records.finish(ended(start("flush", "12:00:00")));
  const after = await at("12:00:30");

  expect(told).toEqual([
    [],
    ["late: shop: flush did not run: it was due at 2026-11-22T11:00:00.000Z"],
    [],
  ]);
  expect(after).toEqual(["recovered: shop: flush runs again"]);
  expect(sent.map(({ key, job }) => [key, job])).toEqual([
    ["shop/flush/late", "flush"],
    ["shop/flush/late", "flush"],
  ]);
});

test("a run that is under way is not late, and neither is a skipped one", async () => {
  const { at, records } = await watched(HOURLY);
  const run = start("flush", "11:00:00");
  await records.begin(run);
  const underWay = await at("11:05:01");
  await records.finish(ended(run));
  await records.finish(
    ended(start("flush", "12:00:02"), { status: "skipped", details: { reason: "disabled" } }),
  );

  expect([underWay, await at("12:30:00")]).toEqual([[], []]);
});

test("a slot that was let go because nothing could start in time was not run", async () => {
  const { at, records } = await watched({ ...HOURLY, latestStartSeconds: 120 });
  await records.finish(
    ended(start("flush", "11:30:00"), { status: "skipped", details: { lateSeconds: 1800 } }),
  );

  expect(await at("11:30:30")).toEqual([
    "late: shop: flush did not run: it was due at 2026-11-22T11:00:00.000Z",
  ]);
});

test("the tick of the other of two crons is no start of the slot", async () => {
  const { at, records } = await watched({ ...HOURLY, latestStartSeconds: 120 });
  const details = { nextSlot: "2026-11-22T12:00:00.000Z" };
  await records.finish(ended(start("flush", "11:30:00"), { status: "skipped", details }));

  expect(await at("11:30:30")).toEqual([
    "late: shop: flush did not run: it was due at 2026-11-22T11:00:00.000Z",
  ]);
});

test("the latest start says how late is late, else the deadline, else ten minutes; jitter is added", async () => {
  const { deadlineSeconds: _, ...plain } = HOURLY;
  const limits: [ManifestJob, string][] = [
    [{ ...HOURLY, latestStartSeconds: 60 }, "11:01:00"],
    [HOURLY, "11:05:00"],
    [plain, "11:10:00"],
    [{ ...plain, jitterSeconds: 30 }, "11:10:30"],
  ];

  for (const [job, limit] of limits) {
    const { at } = await watched(job);
    expect([limit, await at(limit)]).toEqual([limit, []]);
    expect(await at(`${limit}.001`)).toHaveLength(1);
  }
});

test("a run in the slot's last seconds before it is the slot's: clocks of two machines differ", async () => {
  const { at, records } = await watched(HOURLY);

  await records.finish(ended({ ...start("flush", "10:59:59"), actor: "app" }));

  expect(await at("11:30:00")).toEqual([]);
});

test("after a restart the last record says since when a job is due", async () => {
  const records = memoryRecords();
  await records.finish(ended(start("flush", "08:00:00")));

  const { at } = await watched(HOURLY, { records });

  expect(await at("10:00:30")).toEqual([]);
  const { sent } = await watched(HOURLY, { records });
  expect(sent.map((it) => it.title)).toEqual([
    "shop: flush did not run: it was due at 2026-11-22T09:00:00.000Z",
  ]);
});

test("a job of the app that runs every so often is due one interval after its last run", async () => {
  const job: ManifestJob = {
    name: "refresh",
    uses: "command",
    startedBy: "app",
    schedule: { everySeconds: 21_600, timezone: "UTC" },
    alerts: { on: ["late"] },
  };
  const { at, records } = await watched(job);
  await records.finish(ended({ ...start("refresh", "11:17:00"), actor: "app" }));

  expect([await at("17:27:00"), await at("17:27:01")]).toEqual([
    [],
    ["late: shop: refresh did not run: it was due at 2026-11-22T17:17:00.000Z"],
  ]);
});

test("a cron job of its own is told as late by another process, and by its records when it runs", async () => {
  const { at, records } = await watched({ ...HOURLY, startedBy: "elsewhere" });

  expect(await at("11:06:00")).toEqual([
    "late: shop: flush did not run: it was due at 2026-11-22T11:00:00.000Z",
  ]);
  await records.finish(ended(start("flush", "11:07:00")));
  expect(await at("11:08:00")).toEqual(["recovered: shop: flush runs again"]);
});

test("the schedule is the one that the environment makes", async () => {
  const job: ManifestJob = {
    ...HOURLY,
    schedule: { pattern: "0 22 * * *", timezone: "UTC", from: { hour: "BACKUP_TIME_HOUR" } },
  };

  const { at } = await watched(job, { env: { BACKUP_TIME_HOUR: "15" } });

  expect([await at("15:05:00"), (await at("15:05:01")).length]).toEqual([[], 1]);
});

test("a run that has no end long after its deadline is stuck, until it ends", async () => {
  const { at, records } = await watched({ ...HOURLY, graceSeconds: 20 });
  const run = start("flush", "11:00:00", "run-1");
  await records.begin(run);

  const inTime = await at("11:06:20");
  const stuck = await at("11:06:21");
  const still = await at("11:20:00");
  await records.finish(ended(run, { status: "lost" }));

  expect([inTime, stuck, still]).toEqual([
    [],
    ["stuck: shop: flush does not end: it began at 2026-11-22T11:00:00.000Z"],
    [],
  ]);
  expect(await at("11:21:00")).toEqual([
    "recovered: shop: flush: the run that did not end is over",
  ]);
});

test("only what a job's alerts ask for is told", async () => {
  const late = await watched({ ...HOURLY, alerts: { on: ["late"] } });
  const fail = await watched({ ...HOURLY, alerts: { on: ["fail"] } });

  expect([(await late.at("11:06:00")).length, (await fail.at("11:06:00")).length]).toEqual([1, 0]);
  await late.records.finish(ended(start("flush", "11:10:00")));
  expect(await late.at("11:11:00")).toEqual([]);
});

test("a job by hand or at start only is never late", async () => {
  const { at } = await watched({ ...HOURLY, schedule: { onStart: true, timezone: "UTC" } });

  expect(await at("23:00:00")).toEqual([]);
});

test("records that cannot be read are told: nobody sees then whether jobs run", async () => {
  let isAway = true;
  const memory = memoryRecords();
  const records: RecordStore = {
    ...memory,
    unfinished: () => (isAway ? Promise.reject(new Error("away")) : memory.unfinished()),
  };
  const { at } = await watched(HOURLY, { records });

  const told = [await at("10:00:59"), await at("10:01:00"), await at("10:05:00")];
  isAway = false;

  expect(told).toEqual([
    [],
    ["rule: run records cannot be read, so late and stuck jobs are not noticed"],
    [],
  ]);
  expect(await at("10:06:00")).toEqual(["resolved: run records can be read again"]);
});
