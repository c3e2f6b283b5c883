import { redact } from "../redaction.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { valueOf } from "../contract/env.ts";
import { exitCodeOf } from "./run-outcome.ts";
import { retry } from "./retry.ts";
import type { Run } from "./run.ts";

/** As healthchecks.io recommends: a short timeout and a few attempts. @see https://healthchecks.io/docs/reliability_tips/ */
const TIMEOUT_MS = 10_000;
const ATTEMPTS_MAX = 3;
const PAUSE_MS = 1_000;

/** Longest body of a ping; healthchecks.io keeps 100 kB. */
const BODY_CHARACTERS_MAX = 10_000;

/** Reports one run to a URL, as healthchecks.io defines it. @see https://healthchecks.io/docs/http_api/ */
export interface Ping {
  started(): void;
  ended(record: RunRecord): void;
}

/**
 * Pings the start and the end of a run, in this order, with the run's id, so that the receiver can
 * measure its duration. Pings are sent in the background: they neither delay nor fail a run.
 */
export function pingOf(run: Run): Ping | undefined {
  const { pingEnv } = run.job;
  const base = pingEnv === undefined ? undefined : valueOf(run.process.env, pingEnv);
  if (base === undefined || run.request.dryRun) return undefined;
  let last = Promise.resolve();
  const ping = (suffix: string, body: string): void => {
    last = last.then(() => send(run, { base, suffix, body }));
    const { background } = run.process;
    const sent = last.finally(() => background.delete(sent));
    background.add(sent);
  };
  return {
    started: () => ping("/start", ""),
    ended: (record) => ping(suffixOf(record), bodyOf(record)),
  };
}

/** A skipped run is only a log entry: it changes no status at the receiver. */
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

async function send(
  { start, log }: Run,
  { base, suffix, body }: { readonly base: string; readonly suffix: string; readonly body: string },
): Promise<void> {
  try {
    const url = pingUrl(base, suffix, start.runId);
    await retry(() => sendOnce(url, body), {
      attempts: ATTEMPTS_MAX,
      pauseMs: PAUSE_MS,
      isTemporary: (error) => !(error instanceof PingRefused),
    });
  } catch {
    log.warn("the ping URL of the job did not accept the ping");
  }
}

/** The suffix belongs to the path: a receiver ignores it in the query and takes a failure for a success. */
function pingUrl(base: string, suffix: string, runId: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${suffix}`;
  url.search = `${url.search === "" ? "?" : `${url.search}&`}rid=${runId}`;
  return url;
}

/** A status below 500 is final, so it is not retried. */
class PingRefused extends Error {}

async function sendOnce(url: URL, body: string): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { body: answer, ok, status } = await fetch(url, { method: "POST", body, signal });
  await answer?.cancel();
  if (!ok) throw status < 500 ? new PingRefused() : new Error(`HTTP ${status}`);
}
