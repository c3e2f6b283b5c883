import { redact } from "../redaction.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { valueOf } from "../contract/env.ts";
import { exitCodeOf } from "./ending.ts";
import { retry } from "./retry.ts";
import type { Run } from "./run.ts";

/** What healthchecks.io recommends for its pings: short, repeated, and never in the way of the job. @see https://healthchecks.io/docs/reliability_tips/ */
const TIMEOUT_MS = 10_000;
const ATTEMPTS_MAX = 3;
const PAUSE_MS = 1_000;

/** Body of a ping; healthchecks.io keeps the first 100 kB, a message needs less. */
const BODY_CHARACTERS_MAX = 10_000;

/** Tells a healthchecks-style URL of one run. @see https://healthchecks.io/docs/http_api/ */
export interface Ping {
  started(): void;
  ended(record: RunRecord): void;
}

/**
 * A ping of the run's start and end, in this order, with the run's id, so that the other side can
 * measure. It goes on beside the run: it never blocks one and never fails one.
 */
export function pingOf(run: Run): Ping | undefined {
  const { pingEnv } = run.job;
  const base = pingEnv === undefined ? undefined : valueOf(run.process.env, pingEnv);
  if (base === undefined || run.request.dryRun) return undefined;
  let last = Promise.resolve();
  const tell = (suffix: string, body: string): void => {
    last = last.then(() => send(run, `${base.replace(/\/+$/, "")}${suffix}`, body));
    const { background } = run.process;
    const told = last.finally(() => background.delete(told));
    background.add(told);
  };
  return {
    started: () => tell("/start", ""),
    ended: (record) => tell(suffixOf(record), bodyOf(record)),
  };
}

/** A run that was rightly not done is a note, which changes nothing there. */
function suffixOf(record: RunRecord): string {
  if (record.status === "ok") return "";
  if (record.status === "skipped") return "/log";
  const exitCode = record.exitCode ?? exitCodeOf(record);
  return exitCode > 0 && record.status === "failed" ? `/${exitCode}` : "/fail";
}

function bodyOf({ status, error, details }: RunRecord): string {
  const lines = [`${status}${error === null ? "" : `: ${error}`}`, JSON.stringify(details)];
  return redact(lines.join("\n")).slice(0, BODY_CHARACTERS_MAX);
}

async function send({ start, log }: Run, url: string, body: string): Promise<void> {
  try {
    await retry(() => sendOnce(`${url}?rid=${start.runId}`, body), {
      attempts: ATTEMPTS_MAX,
      pauseMs: PAUSE_MS,
      isTemporary: (error) => !(error instanceof PingRefused),
    });
  } catch {
    log.warn("the ping of this run was not accepted");
  }
}

/** A status below 500 would come again, so it is not retried. */
class PingRefused extends Error {}

async function sendOnce(url: string, body: string): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { body: answer, ok, status } = await fetch(url, { method: "POST", body, signal });
  await answer?.cancel();
  if (!ok) throw status < 500 ? new PingRefused() : new Error(`HTTP ${status}`);
}
