import type { ManifestCheck } from "../contract/health.ts";
import { type Clock, steadyClock } from "../run/clock.ts";
import { startTimer, timeLimit, type Timer, waitAtMost } from "../run/timer.ts";
import { describeDuration } from "../schedule/schedule-words.ts";
import { errorWords } from "./error-words.ts";

/** Time limit of a probe. Render gives a whole health request 5 s. @see https://render.com/docs/health-checks */
const DEFAULT_TIMEOUT_MS = 3000;

/** Finds an outage within Render's 15 s, and costs little. */
const DEFAULT_INTERVAL_MS = 10_000;

/** Longest wait, at the stop of the process, for a probe that ignores its signal. */
const STOP_MS = 500;

/** What a probe found. A probe that cannot find out throws. */
export interface ProbeResult {
  /** What was measured: the length of a queue, an age in seconds, free megabytes. */
  readonly value?: number;
  /** Why it failed, in words without hosts and credentials; absent when it succeeded. */
  readonly problem?: string;
}

/** One thing that health depends on. */
export interface Check {
  readonly name: string;
  /** `live`: part of liveness. `ready`: part of readiness. `info`: shown and never acted upon. */
  readonly kind: ManifestCheck["kind"];
  /** A critical check that fails is a 503, any other makes the answer `degraded`; true unless `info`. */
  readonly critical?: boolean;
  /** What is probed, in the manifest's words; presets find their checks by it. */
  readonly probeKind?: ManifestCheck["probe"]["kind"];
  /** Key of the queue that is measured. */
  readonly queue?: string;
  /** False when the variable with its URL is not set; true without it. */
  readonly isConfigured?: boolean;
  /** Time limit of one probe; 3 s without it. */
  readonly timeoutMs?: number;
  /** Time from one probe to the next; 10 s without it. */
  readonly intervalMs?: number;
  /** A result older than this counts as failed; two intervals and a timeout without it. */
  readonly staleAfterMs?: number;
  /** Runs in the background, so that no request waits for it. The time limit aborts the signal. */
  readonly probe?: (signal: AbortSignal) => Promise<ProbeResult | undefined>;
  /** Reads what is known without waiting, such as a report of the app, at each request. */
  readonly read?: () => ProbeResult;
  /** Closes the connections of the probe. */
  readonly close?: () => Promise<void>;
}

/** The part of a check that finds out. */
export type Probe = Pick<Check, "probe" | "read" | "close">;

/** What is known of a check now. */
export interface CheckResult extends Required<
  Pick<Check, "name" | "kind" | "critical" | "isConfigured">
> {
  readonly probeKind: Check["probeKind"];
  readonly queue: string | undefined;
  /** `unknown`: not probed yet. `stale`: the last result is too old to count. */
  readonly state: "ok" | "failed" | "stale" | "unknown";
  /** Why it is not ok, without hosts and credentials. */
  readonly error: string | undefined;
  /** Absent when it could not be measured, so that a failed source is never 0. */
  readonly value: number | undefined;
  readonly checkedAt: Date | undefined;
  readonly durationMs: number | undefined;
}

/** What a probe found, or why it could not find out. */
type Finding = Pick<CheckResult, "value" | "error" | "checkedAt" | "durationMs">;

const NOT_CHECKED: Finding = {
  value: undefined,
  error: "not checked yet",
  checkedAt: undefined,
  durationMs: undefined,
};

/** A check whose probe runs in the background. */
export type CheckLoop = ReturnType<typeof loopCheck>;

/** Probes at an interval, one probe at a time, so that a dependency that hangs gets no more load. */
export function loopCheck(check: Check, clock: Clock = steadyClock) {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS } = check;
  const stopped = new AbortController();
  let last = NOT_CHECKED;
  let running: Promise<ProbeResult | undefined> | undefined;
  let timer: Timer | undefined;
  let round: Promise<void> | undefined;

  const probe = async (): Promise<void> => {
    timer?.stop();
    round ??= probeAndWait().finally(() => (round = undefined));
    await round;
  };

  const probeAndWait = async (): Promise<void> => {
    const startMs = performance.now();
    const { value, problem, error = problem } = await probeOnce();
    if (stopped.signal.aborted) return;
    const durationMs = performance.now() - startMs;
    last = { value, error, checkedAt: clock.now(), durationMs };
    // Rounded up, so that there is never more than one probe an interval.
    timer = startTimer(Math.ceil(intervalMs - durationMs), () => void probe()).unref();
  };

  // Asynchronous, so that what a probe throws at once is a rejection too.
  const begin = async (signal: AbortSignal) => check.probe?.(signal);

  const probeOnce = async (): Promise<ProbeResult & { readonly error?: string }> => {
    const deadline = timeLimit(timeoutMs);
    const signal = AbortSignal.any([deadline, stopped.signal]);
    // A probe that outlived its time limit is joined. Its late error says nothing new.
    const isJoined = running !== undefined;
    running ??= begin(signal).finally(() => (running = undefined));
    try {
      return (await Promise.race([running, rejected(signal)])) ?? {};
    } catch (error) {
      if (deadline.aborted || isJoined) return { error: `no answer within ${timeoutMs} ms` };
      return { error: errorWords(error) };
    }
  };

  return {
    start: (): void => {
      if (check.probe && !last.checkedAt && !running) void probe();
    },
    /** Probes now, or waits for the probe that is running. It does not fail. */
    probe: async (): Promise<void> => {
      if (check.probe && !stopped.signal.aborted) await probe();
    },
    /** What is known now; it never waits. */
    result: (): CheckResult => resultOf(check, last, clock),
    /** Stops probing and closes the connections. */
    stop: async (): Promise<void> => {
      stopped.abort();
      timer?.stop();
      if (running)
        await waitAtMost(
          running.catch(() => undefined),
          STOP_MS,
        );
      await check.close?.();
    },
  };
}

/** Rejects with the abort, so that a probe which ignores its signal blocks nobody. */
function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function resultOf(check: Check, last: Finding, clock: Clock): CheckResult {
  const { name, kind, probeKind, queue, critical = kind !== "info", isConfigured = true } = check;
  const identity = { name, kind, critical, probeKind, queue, isConfigured };
  const now = clock.now();
  if (check.read) {
    const { value, problem: error } = check.read();
    const state = error === undefined ? "ok" : "failed";
    return { ...identity, state, value, error, checkedAt: now, durationMs: 0 };
  }
  if (!last.checkedAt) return { ...identity, ...last, state: "unknown" };
  const { timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS } = check;
  const ageMs = now.getTime() - last.checkedAt.getTime();
  if (ageMs <= (check.staleAfterMs ?? 2 * intervalMs + timeoutMs)) {
    return { ...identity, ...last, state: last.error === undefined ? "ok" : "failed" };
  }
  const error = `last checked ${describeDuration(ageMs / 1000)} ago`;
  return { ...identity, ...last, state: "stale", error, value: undefined };
}

/** Everything from which health is judged. */
export interface Evidence {
  readonly results: readonly CheckResult[];
  /** Parts of the app that reported that they are not ready, by name. */
  readonly notReady: readonly string[];
  readonly isShuttingDown: boolean;
}

/**
 * Why the process should not go on, by the last results of its `live` checks. One without a result
 * counts as alive: otherwise the platform would restart the process while it starts.
 *
 * @returns one line a reason, `<name>: <what is wrong>`; none while the process is alive
 */
export function livenessProblems({ results }: Evidence): string[] {
  const live = results.filter(({ kind, critical }) => kind === "live" && critical);
  return live.filter(({ state }) => state !== "ok" && state !== "unknown").map(reasonOf);
}

/** Why no requests should come here: a critical check fails, or a part reports "not ready". */
export function readinessProblems({ results, notReady, isShuttingDown }: Evidence): string[] {
  if (isShuttingDown) return ["shutting down"];
  const failed = results.filter((it) => it.kind !== "info" && it.critical && it.state !== "ok");
  return [...failed.map(reasonOf), ...notReady.map((name) => `${name}: not ready`)];
}

function reasonOf({ name, error }: CheckResult): string {
  return `${name}: ${error ?? "failed"}`;
}

/** `degraded`: a check that is not critical fails, and requests are still served. */
export type HealthStatus = "ok" | "degraded" | "failed" | "shutting-down";

/** Health as a whole. */
export function judgeHealth(evidence: Evidence): HealthStatus {
  if (evidence.isShuttingDown) return "shutting-down";
  if (readinessProblems(evidence).length > 0) return "failed";
  const isDegraded = evidence.results.some((it) => it.kind !== "info" && it.state !== "ok");
  return isDegraded ? "degraded" : "ok";
}
