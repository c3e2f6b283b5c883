import { randomUUID } from "node:crypto";
import { statefulAlerts } from "../alerts/stateful-alert.ts";
import type { AlertEvent } from "../contract/alert-event.ts";
import type { RunRecord } from "../contract/run-record.ts";
import type {
  ProcessContext,
  ProcessRuns,
  ProcessServices,
  ProcessStores,
} from "../run/process.ts";
import { storeEnd } from "../run/finish-run.ts";
import { sendStored } from "../run/run-alert.ts";
import { startTimer, type Timer, waitAtMost } from "../run/timer.ts";
import type { EndedApp } from "./app.ts";

/** Name of the record of an end of the app, beside the runs of jobs. No job can have it. */
const APP_RECORD = "app:end";

/** Longest output that a record keeps. */
const TAIL_CHARACTERS = 1000;

/** An app that is up for so long is well again. An app that crashes in a loop mostly ends earlier. */
const WELL_MS = 60_000;

/** Longest wait for the alerts of a process that ends by itself; a channel takes one message in 10 s. */
const LAST_ALERTS_MS = 15_000;

/**
 * Each news of the app is an alert of its own: "it starts again" must not hide by deduplication that
 * the app does not start any more.
 */
const ALERTS = { restarts: "app", isOver: "app-over", notStarted: "app-start" } as const;

type ReportProcess = ProcessContext & ProcessStores & ProcessRuns & ProcessServices;

/** Tells operators what happens to the app. Nothing here throws. */
export interface AppReports {
  /** The app started or stopped listening. */
  up(isUp: boolean): void;
  /** Records an unrequested end of the app, and sends an alert about it. */
  ended(end: EndedApp): void;
  /** The app runs and does not listen. */
  late(problem: string): void;
  /** The app was not started, for these reasons. */
  notStarted(problems: readonly string[]): void;
  /** Waits until the alerts are delivered, because the process ends by itself. */
  flush(): Promise<void>;
  stop(): void;
}

/** Opens the reports of an app. */
export function openAppReports(process: ReportProcess, { wellMs = WELL_MS } = {}): AppReports {
  const { stack, process: name } = process.manifest;
  const what = `${stack}: the app of ${name}`;
  const inBackground = (work: Promise<void>): void => {
    const safe = work.catch((error: unknown) => {
      process.log.error({ err: error }, "cannot report what happened to the app");
    });
    process.background.add(safe);
    void safe.finally(() => process.background.delete(safe));
  };
  let timer: Timer | undefined;
  return {
    up: (isUp) => {
      timer?.stop();
      if (isUp) timer = startTimer(wellMs, () => inBackground(tellWell(process, what))).unref();
    },
    ended: (end) => {
      timer?.stop();
      const key = end.willRestart ? ALERTS.restarts : ALERTS.isOver;
      const next = end.willRestart ? "it starts again" : `it does not start again: ${end.whyEnded}`;
      const { exitCode, signal } = end;
      const uptimeMs = end.endedAt.getTime() - end.startedAt.getTime();
      const title = `${what} ended (${end.why}); ${next}`;
      const event = eventOf(process, key, { title, details: { exitCode, signal, uptimeMs } });
      inBackground(reportEnd(process, recordOf(process, end), event));
    },
    late: (problem) => {
      const title = `${stack}: ${problem}`;
      const event = eventOf(process, ALERTS.notStarted, { title, details: {} });
      inBackground(process.alerts.send(event).then(() => undefined));
    },
    notStarted: (problems) => {
      const title = `${what} was not started: ${problems[0]?.split("\n", 1)[0]}`;
      const event = eventOf(process, ALERTS.notStarted, { title, details: { problems } });
      inBackground(process.alerts.send(event).then(() => undefined));
    },
    flush: async () => {
      await waitAtMost(Promise.all(process.background), LAST_ALERTS_MS);
      await process.alerts.flush(LAST_ALERTS_MS);
    },
    stop: () => timer?.stop(),
  };
}

async function reportEnd(
  process: ReportProcess,
  record: RunRecord,
  event: AlertEvent,
): Promise<void> {
  let areStored = false;
  try {
    await process.records.begin(record);
    areStored = (await storeEnd(process, record, [event])).areAlertsStored;
  } finally {
    await sendStored(process, record, { events: [event], areStored });
  }
}

/** Resolves what fires, also what an earlier process of this name reported. */
async function tellWell(process: ReportProcess, what: string): Promise<void> {
  const stateful = statefulAlerts(process);
  for (const key of Object.values(ALERTS)) {
    const title = `${what} is well again`;
    const resolved = { kind: "resolved", title, details: {} } as const;
    await stateful.set(`${process.manifest.process}/${key}`, { resolved });
  }
}

function eventOf(
  { manifest, clock }: ReportProcess,
  news: string,
  about: Pick<AlertEvent, "title" | "details">,
): AlertEvent {
  const { system, stack, process } = manifest;
  const key = `${stack}/${process}/${news}`;
  return { ...about, key, kind: "fail", system, stack, process, at: clock.now().toISOString() };
}

function recordOf(process: ProcessContext, end: EndedApp): RunRecord {
  const { startedAt, endedAt, exitCode, signal, why, wasForced, tail, willRestart } = end;
  return {
    job: APP_RECORD,
    runId: randomUUID(),
    scheduledFor: startedAt.toISOString(),
    startedAt: startedAt.toISOString(),
    actor: "start",
    host: process.host,
    commit: process.commit,
    fence: 0,
    status: wasForced ? "timed-out" : "failed",
    durationMs: endedAt.getTime() - startedAt.getTime(),
    attempt: 1,
    exitCode,
    error: why,
    details: { signal, willRestart, tail: tail.slice(-TAIL_CHARACTERS) },
  };
}
