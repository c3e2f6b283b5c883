import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, steadyClock } from "../run/clock.ts";
import type { Check, CheckResult, ProbeResult } from "./check.ts";
import { errorWords } from "./error-words.ts";

/** Time limit of a probe. Render gives a whole health request 5 s. @see https://render.com/docs/health-checks */
const DEFAULT_TIMEOUT_MS = 3000;

/** Finds an outage within Render's 15 s, and costs little. */
const DEFAULT_INTERVAL_MS = 10_000;

/** Longest wait, at the stop of the process, for a probe that ignores its signal. */
const STOP_MS = 500;

/** A check whose probe runs in the background. */
export interface CheckLoop {
  start(): void;
  /** Probes now, or waits for the probe that is running. It does not fail. */
  probe(): Promise<void>;
  /** What is known now; it never waits. */
  result(): CheckResult;
  /** Stops probing and closes the connections. */
  stop(): Promise<void>;
}

interface LastProbe {
  readonly result: ProbeResult;
  /** Why the probe could not find out; there is no value then. */
  readonly error: string | undefined;
  readonly at: Date;
  readonly durationMs: number;
}

/** Probes at an interval, one probe at a time, so that a dependency that hangs gets no more load. */
export function loopCheck(check: Check, clock: Clock = steadyClock): CheckLoop {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS } = check;
  const stopped = new AbortController();
  let last: LastProbe | undefined;
  let running: Promise<ProbeResult | undefined> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> | undefined;

  const probe = (): Promise<void> => {
    clearTimeout(timer);
    current ??= probeAndWait().finally(() => (current = undefined));
    return current;
  };

  const probeAndWait = async (): Promise<void> => {
    const startMs = performance.now();
    const { result = {}, error } = await probeOnce();
    if (stopped.signal.aborted) return;
    const durationMs = performance.now() - startMs;
    last = { result, error, at: clock.now(), durationMs };
    // Rounded up, so that there is never more than one probe an interval.
    timer = setTimeout(() => void probe(), Math.max(0, Math.ceil(intervalMs - durationMs)));
    timer.unref();
  };

  const probeOnce = async (): Promise<{ result?: ProbeResult | undefined; error?: string }> => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([deadline, stopped.signal]);
    // A probe that outlived its time limit is joined. Its late error says nothing new.
    const isJoined = running !== undefined;
    running ??= begin(check, signal).finally(() => (running = undefined));
    try {
      return { result: await Promise.race([running, rejected(signal)]) };
    } catch (error) {
      if (deadline.aborted || isJoined) return { error: `no answer within ${timeoutMs} ms` };
      return { error: errorWords(error) };
    }
  };

  return {
    start: () => {
      if (check.probe && !last && !timer && !running) void probe();
    },
    probe: async () => {
      if (check.probe && !stopped.signal.aborted) await probe();
    },
    result: () => toResult(check, last, clock),
    stop: async () => {
      stopped.abort();
      clearTimeout(timer);
      const ended = running?.catch(() => undefined);
      await Promise.race([ended, sleep(STOP_MS, undefined, { ref: false })]);
      await check.close?.();
    },
  };
}

async function begin(check: Check, signal: AbortSignal): Promise<ProbeResult | undefined> {
  return check.probe?.(signal);
}

/** Rejects with the abort, so that a probe which ignores its signal blocks nobody. */
function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function toResult(check: Check, last: LastProbe | undefined, clock: Clock): CheckResult {
  const { name, kind, probeKind, queue, critical = kind !== "info", isConfigured = true } = check;
  const known = check.read
    ? { result: check.read(), error: undefined, at: clock.now(), durationMs: 0 }
    : last;
  return {
    name,
    kind,
    critical,
    probeKind,
    queue,
    isConfigured,
    ...judge(check, known, clock),
    checkedAt: known?.at,
    durationMs: known?.durationMs,
  };
}

function judge(
  check: Check,
  last: LastProbe | undefined,
  clock: Clock,
): Pick<CheckResult, "state" | "error" | "value"> {
  if (!last) return { state: "unknown", error: "not checked yet", value: undefined };
  const { timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS } = check;
  const limitMs = check.staleAfterMs ?? 2 * intervalMs + timeoutMs;
  const ageMs = clock.now().getTime() - last.at.getTime();
  if (ageMs > limitMs) {
    const error = `last checked ${Math.round(ageMs / 1000)} s ago`;
    return { state: "stale", error, value: undefined };
  }
  const error = last.error ?? last.result.problem;
  return { state: error === undefined ? "ok" : "failed", error, value: last.result.value };
}
