import { randomUUID } from "node:crypto";
import type { RunRecord } from "../contract/run-record.ts";
import type {
  ProcessContext,
  ProcessRuns,
  ProcessServices,
  ProcessStores,
} from "../run/process.ts";
import type { EndedApp } from "./app.ts";

/** Name of the record of an end of the app, beside the runs of jobs. No job can have it. */
const APP_RECORD = "app:end";

/** Longest output that a record keeps. */
const TAIL_CHARACTERS = 1000;

type EndProcess = ProcessContext & ProcessStores & ProcessRuns & ProcessServices;

/** Records an unrequested end of the app and sends an alert about it. It does not throw. */
export function reportAppEnd(process: EndProcess, end: EndedApp): void {
  const record = recordOf(process, end);
  const { system, stack, process: name } = process.manifest;
  const what = end.willRestart ? "it starts again" : "it does not start again";
  const reported = Promise.allSettled([
    process.records.begin(record).then(() => process.records.finish(record)),
    process.alerts.send({
      key: `${stack}/${name}/app`,
      kind: "fail",
      system,
      stack,
      process: name,
      title: `${stack}: the app of ${name} ended (${end.why}); ${what}`,
      details: { exitCode: end.exitCode, signal: end.signal, uptimeMs: record.durationMs },
      at: end.endedAt.toISOString(),
    }),
  ]).then(() => undefined);
  process.background.add(reported);
  void reported.finally(() => process.background.delete(reported));
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
