import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { openProcess } from "./open-process.ts";
import type { OpenProcess } from "./open-process.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { usePostgres } from "../../testing/servers.ts";
import { collectLog } from "../../testing/log-lines.ts";
import { startScheduler } from "./scheduler.ts";
import { MANIFEST_HEAD } from "../../testing/manifest-head.ts";

const postgres = usePostgres();

type Job = RuntimeManifest["jobs"][number];

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "opspec-scheduler-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function openFor(
  job: Partial<Job>,
  { directory = scratch(), stores = {}, env = {} }: Partial<Setting> = {},
): Promise<OpenProcess> {
  const manifest: RuntimeManifest = {
    ...MANIFEST_HEAD,
    log: { level: "error" },
    stores,
    jobs: [
      {
        name: "note",
        uses: "command",
        startedBy: "schedule",
        command: "echo ran >> ran",
        ...job,
      },
    ],
  };
  const opened = await openProcess(manifest, { PATH: process.env["PATH"], ...env }, directory);
  onTestFinished(() => opened.close());
  return opened;
}

interface Setting {
  readonly directory: string;
  readonly stores: RuntimeManifest["stores"];
  readonly env: Record<string, string>;
}

const secondly = { everySeconds: 1, timezone: "UTC" };
const hourly = { pattern: "0 * * * *", timezone: "UTC" };

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await delay(20);
}

function linesOf(directory: string): string[] {
  const path = join(directory, "ran");
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
}

function earlierRun(scheduledFor: string): RunRecord {
  return {
    job: "note",
    runId: "00000000-0000-4000-8000-000000000000",
    scheduledFor,
    startedAt: scheduledFor,
    actor: "schedule",
    host: "before",
    commit: null,
    fence: 0,
    status: "ok",
    durationMs: 1,
    attempt: 1,
    exitCode: 0,
    error: null,
    details: {},
  };
}

test("a job runs at each of its slots, and its records name them", async () => {
  const opened = await openFor({ schedule: secondly });
  const scheduler = startScheduler(opened);

  await until(() => linesOf(opened.directory).length >= 3);
  await scheduler.stop();

  const slots = (await opened.records.list({ limit: 10 })).map(({ scheduledFor }) => scheduledFor);
  expect(slots.length).toBeGreaterThanOrEqual(3);
  expect(slots.every((slot) => slot.endsWith(".000Z"))).toBe(true);
  expect(new Set(slots).size).toBe(slots.length);
});

test("many schedulers at once run each slot exactly once, also when a run fails", async (context) => {
  const url = await (await postgres(context)).freshDatabase();
  const directory = scratch();
  const stores = {
    records: { kind: "postgres", urlEnv: "DATABASE_URL" },
    coordination: { kind: "postgres", urlEnv: "DATABASE_URL" },
  } as const;
  const setting = { directory, stores, env: { DATABASE_URL: url } };
  const job = {
    schedule: secondly,
    command: 'echo "$OPSPEC_SCHEDULED_FOR" >> ran; exit 1',
    // On a busy machine a run takes longer than a second, and a timer is late by more than one.
    overlap: "allow",
    catchUp: { policy: "all", max: 60 },
  } as const;
  const all = await Promise.all([1, 2, 3].map(() => openFor(job, setting)));
  const schedulers = all.map((it) => startScheduler(it));

  await until(() => linesOf(directory).length >= 5);
  await Promise.all(schedulers.map((it) => it.stop()));

  const slots = linesOf(directory).toSorted();
  const first = Date.parse(slots[0] ?? "");
  expect(slots).toEqual(slots.map((_, index) => new Date(first + index * 1000).toISOString()));
});

test("what runs at start runs once, for a start and not for a slot", async () => {
  const opened = await openFor({ schedule: { ...hourly, onStart: true } });
  const scheduler = startScheduler(opened);

  await until(() => linesOf(opened.directory).length === 1);
  await scheduler.stop();

  expect(await opened.records.list({ limit: 10 })).toMatchObject([{ actor: "start" }]);
});

test.each([
  { policy: "none" as const, runs: 0 },
  { policy: "latest" as const, runs: 1 },
  { policy: "all" as const, runs: 3 },
])(
  "after an outage of three hours and a start, $policy makes up for $runs",
  async ({ policy, runs }) => {
    const opened = await openFor({ schedule: hourly, catchUp: { policy }, overlap: "allow" });
    const now = new Date();
    const slot = new Date(now.setUTCMinutes(0, 0, 0) - 3 * 3_600_000).toISOString();
    await opened.records.finish(earlierRun(slot));

    const scheduler = startScheduler(opened);
    await until(() => linesOf(opened.directory).length >= runs);
    await scheduler.stop();

    const made = (await opened.records.list({ limit: 10 })).filter(({ host }) => host !== "before");
    expect(made.map(({ actor, status }) => `${actor} ${status}`)).toEqual(
      Array.from({ length: runs }, () => "catch-up ok"),
    );
  },
);

test("a machine that slept for hours makes up for them as a start does", async () => {
  let offsetMs = 0;
  const opened = await openFor({ schedule: hourly, catchUp: { policy: "latest" } });
  const clock = { now: () => new Date(Date.now() + offsetMs) };
  const scheduler = startScheduler({ ...opened, clock }, { pollMs: 20 });

  offsetMs = 5 * 3_600_000;
  await until(() => linesOf(opened.directory).length === 1);
  offsetMs = 4 * 3_600_000;
  await delay(100);
  await scheduler.stop();

  expect(await opened.records.list({ limit: 10 })).toMatchObject([{ actor: "catch-up" }]);
});

test("a clock that jumps two hours ahead and back silences no job, and is warned of once", async () => {
  let offsetMs = 0;
  const opened = await openFor({ schedule: secondly, overlap: "allow" });
  const clock = { now: () => new Date(Date.now() + offsetMs) };
  const { log, lines } = collectLog();
  const scheduler = startScheduler({ ...opened, clock, log }, { pollMs: 20 });

  offsetMs = 2 * 3_600_000;
  await until(() => linesOf(opened.directory).length >= 1);
  offsetMs = 0;
  const before = linesOf(opened.directory).length;
  await until(() => linesOf(opened.directory).length >= before + 2);
  await scheduler.stop();

  const slots = (await opened.records.list({ limit: 20 })).map((it) => Date.parse(it.scheduledFor));
  expect(slots.filter((it) => it <= Date.now()).length).toBeGreaterThanOrEqual(2);
  const warnings = lines.filter(({ msg }) => String(msg).startsWith("the clock went back"));
  expect(warnings).toHaveLength(1);
});

test("catchUp all runs every slot that a stall of 45 s missed", async () => {
  let offsetMs = 0;
  const schedule = { everySeconds: 10, timezone: "UTC" };
  const opened = await openFor({ schedule, catchUp: { policy: "all" }, overlap: "allow" });
  // Between two slots, so that the stall holds four or five of them, wherever the test starts.
  const startMs = Math.floor(Date.now() / 10_000) * 10_000 + 5000;
  const clock = { now: () => new Date(startMs + offsetMs) };
  const scheduler = startScheduler({ ...opened, clock }, { pollMs: 20 });

  await delay(100);
  offsetMs = 45_000;
  await until(() => linesOf(opened.directory).length >= 5);
  await scheduler.stop();

  const slots = (await opened.records.list({ limit: 10 })).map((it) => Date.parse(it.scheduledFor));
  expect(slots.map((it) => it - startMs).toSorted((a, b) => a - b)).toEqual([
    5000, 15_000, 25_000, 35_000, 45_000,
  ]);
});

test("a run that is under way when the process stops is interrupted and recorded", async () => {
  const opened = await openFor({
    schedule: { ...hourly, onStart: true },
    command: "touch ran; sleep 60",
  });
  const scheduler = startScheduler(opened);
  await until(() => existsSync(join(opened.directory, "ran")));

  opened.stop.abort();
  await scheduler.stop();

  expect(await opened.records.list({ limit: 10 })).toMatchObject([{ status: "interrupted" }]);
});

test("a bound variable that is wrong is told before anything starts", async () => {
  const opened = await openFor(
    { schedule: { ...hourly, from: { hour: "BACKUP_TIME_HOUR" } } },
    { env: { BACKUP_TIME_HOUR: "25" } },
  );

  expect(() => startScheduler(opened)).toThrow(
    "BACKUP_TIME_HOUR: it should be a whole number of hours from 0 to 23.",
  );
});
