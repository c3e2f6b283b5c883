import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import * as z from "zod/mini";
import { EXIT } from "../contract/exit-code.ts";
import type { JobInput } from "../jobs/catalog.ts";
import { type RunRecord, runRecordEnd } from "../contract/run-record.ts";

/** Render ends a cron job after 12 hours. @see https://render.com/docs/cronjobs */
const RUN_MS_MAX = 12 * 3_600_000;

/** Between two questions: soon at first, for short jobs, then seldom. */
const PAUSE_MS_MIN = 200;
const PAUSE_MS_MAX = 5_000;

/** Time limit of one request; the service answers at once, so that no proxy cuts it off. */
const ANSWER_MS_MAX = 30_000;

/** How a service that is being deployed answers, or the proxy before it. */
const AWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/** What is asked of which service. */
export interface RemoteRun {
  readonly job: string;
  readonly actor: string;
  /** Id of the run, so that a repeated request does not start a second run. */
  readonly runId: string;
  /** The input of a manual run, and whether it is a dry run. */
  readonly input?: JobInput;
  readonly dryRun?: boolean;
  readonly url: URL;
  readonly token: string;
  /** How long the service may be away. */
  readonly awayMsMax: number;
}

const Started = z.object({ runId: z.string() });

const Ended = z.object({
  job: z.string(),
  runId: z.string(),
  scheduledFor: z.string(),
  startedAt: z.string(),
  actor: z.string(),
  host: z.string(),
  commit: z.nullable(z.string()),
  fence: z.number(),
  ...runRecordEnd,
});

/**
 * Starts a job in the service that owns it and waits for the run record.
 *
 * It polls instead of holding one request open, because a run may take longer than a proxy waits.
 * It waits for an unavailable service as long as a deploy may take.
 */
export async function callJob(call: RemoteRun, log: Logger): Promise<RunRecord> {
  const startedAt = new Date();
  const patience = new Patience(call.awayMsMax, log);
  let pauseMs = PAUSE_MS_MIN;
  let runId: string | undefined;
  while (Date.now() - startedAt.getTime() < RUN_MS_MAX) {
    const answer = await ask(call, runId);
    const isAway = answer === undefined || AWAY_STATUSES.has(answer.status);
    if (isAway && !patience.isLeft(answer?.status)) {
      return failure(call, startedAt, { message: patience.message(), exitCode: EXIT.temporary });
    }
    if (!isAway) {
      patience.renew();
      const ended = Ended.safeParse(answer.body);
      if (ended.success) return ended.data;
      if (answer.status !== 202) return failure(call, startedAt, refusalOf(answer, runId));
      const started = Started.safeParse(answer.body);
      runId = started.success ? started.data.runId : (runId ?? call.runId);
    }
    await sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, PAUSE_MS_MAX);
  }
  const message = "the run did not end within the time that a cron job has";
  return failure(call, startedAt, { message, exitCode: EXIT.timedOut });
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Starts the run or requests its state; undefined without an answer. */
async function ask(call: RemoteRun, runId: string | undefined): Promise<Answer | undefined> {
  const path =
    runId === undefined ? `ops/jobs/${encodeURIComponent(call.job)}/run` : `ops/runs/${runId}`;
  const headers = { authorization: `Bearer ${call.token}`, "idempotency-key": call.runId };
  const { actor, dryRun, input } = call;
  const body = JSON.stringify({ actor, runId: call.runId, dryRun, input });
  try {
    const response = await fetch(new URL(path, withSlash(call.url)), {
      ...(runId === undefined
        ? { method: "POST", body, headers: { ...headers, "content-type": "application/json" } }
        : { headers }),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    return { status: response.status, body: await response.json().catch(() => undefined) };
  } catch {
    return undefined;
  }
}

function withSlash(url: URL): URL {
  return new URL(url.pathname.endsWith("/") ? url : `${url.href}/`);
}

/** How long a service may be away, counted from its last answer. */
class Patience {
  readonly #awayMsMax: number;
  readonly #log: Logger;
  #awaySince: number | undefined;
  #status: number | undefined;

  constructor(awayMsMax: number, log: Logger) {
    this.#awayMsMax = awayMsMax;
    this.#log = log;
  }

  isLeft(status: number | undefined): boolean {
    if (this.#awaySince === undefined) {
      this.#awaySince = performance.now();
      this.#log.warn({ httpStatus: status ?? null }, "the service does not answer; waiting");
    }
    this.#status = status;
    return performance.now() - this.#awaySince < this.#awayMsMax;
  }

  renew(): void {
    this.#awaySince = undefined;
  }

  message(): string {
    const how = this.#status === undefined ? "did not answer" : `answered HTTP ${this.#status}`;
    return `the service ${how} for ${this.#awayMsMax / 1000} s`;
  }
}

interface CallFailure {
  readonly message: string;
  readonly exitCode: number;
}

const Refused = z.object({ error: z.string() });

function refusalOf({ status, body }: Answer, runId: string | undefined): CallFailure {
  if (runId !== undefined && status === 404) {
    const message = "the service does not know the run any more: it was started again";
    return { message, exitCode: EXIT.temporary };
  }
  const words: Readonly<Record<number, string>> = {
    401: "the service refuses the token",
    404: "the service has no such job, or its ops paths are closed",
  };
  const said = Refused.safeParse(body);
  const told = said.success ? `: ${said.data.error}` : "";
  const message = words[status] ?? `the service answered HTTP ${status}${told}`;
  return { message, exitCode: status >= 500 ? EXIT.temporary : EXIT.configuration };
}

/** The record of a run when the service returned none. */
function failure(call: RemoteRun, startedAt: Date, { message, exitCode }: CallFailure): RunRecord {
  return {
    job: call.job,
    runId: call.runId,
    scheduledFor: startedAt.toISOString(),
    startedAt: startedAt.toISOString(),
    actor: call.actor,
    host: call.url.host,
    commit: null,
    fence: 0,
    status: exitCode === EXIT.timedOut ? "timed-out" : "failed",
    durationMs: Date.now() - startedAt.getTime(),
    attempt: 1,
    exitCode,
    error: message,
    details: {},
  };
}
