import { setTimeout as sleep } from "node:timers/promises";
import type { Check, CheckResult, Sighting } from "./check.ts";
import { errorWords } from "./error-words.ts";
import { type Clock, steadyClock } from "./steady-clock.ts";

/** A look that takes longer failed. Render gives a whole health request 5 s. @see https://render.com/docs/health-checks */
const DEFAULT_TIMEOUT_MS = 3000;

/** Often enough to be told of an outage within Render's 15 s, seldom enough to cost nothing. */
const DEFAULT_INTERVAL_MS = 10_000;

/** A look that ignores its abort is not waited for longer than this when the process stops. */
const STOP_MS = 500;

/** A check that is looked at in the background. */
export interface CheckLoop {
  start(): void;
  /** Looks now, or waits for the look that is under way. It does not fail. */
  look(): Promise<void>;
  /** What is known now; it never waits. */
  result(): CheckResult;
  /** Ends the looks and frees what they hold. */
  stop(): Promise<void>;
}

interface Seen {
  readonly sighting: Sighting;
  /** It could not be found out: there is no value. */
  readonly error: string | undefined;
  readonly at: Date;
  readonly durationMs: number;
}

/** Looks again and again, one look at a time: a dependency that hangs is not piled upon. */
export function loopCheck(check: Check, clock: Clock = steadyClock): CheckLoop {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS } = check;
  const stopped = new AbortController();
  let seen: Seen | undefined;
  let running: Promise<Sighting | undefined> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  const look = (): Promise<void> => {
    clearTimeout(timer);
    looking ??= lookAndWait().finally(() => (looking = undefined));
    return looking;
  };

  const lookAndWait = async (): Promise<void> => {
    const startMs = performance.now();
    const { outcome, error } = await lookOnce();
    if (stopped.signal.aborted) return;
    const durationMs = performance.now() - startMs;
    seen = { sighting: outcome ?? {}, error, at: clock.now(), durationMs };
    // Rounded up: not even by a fraction more than one look an interval.
    timer = setTimeout(() => void look(), Math.max(0, Math.ceil(intervalMs - durationMs)));
    timer.unref();
  };

  const lookOnce = async (): Promise<{ outcome?: Sighting | undefined; error?: string }> => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([deadline, stopped.signal]);
    // A look that went on after its time is over is joined; what it breaks off with says nothing new.
    const isJoined = running !== undefined;
    running ??= begin(check, signal).finally(() => {
      running = undefined;
    });
    try {
      return { outcome: await Promise.race([running, rejected(signal)]) };
    } catch (error) {
      if (deadline.aborted || isJoined) return { error: `no answer within ${timeoutMs} ms` };
      return { error: errorWords(error) };
    }
  };

  return {
    start: () => {
      if (check.look && !seen && !timer && !running) void look();
    },
    look: async () => {
      if (check.look && !stopped.signal.aborted) await look();
    },
    result: () => toResult(check, seen, clock),
    stop: async () => {
      stopped.abort();
      clearTimeout(timer);
      await Promise.race([
        running?.catch(() => undefined),
        sleep(STOP_MS, undefined, { ref: false }),
      ]);
      await check.close?.();
    },
  };
}

async function begin(check: Check, signal: AbortSignal): Promise<Sighting | undefined> {
  return check.look?.(signal);
}

/** Rejects with the abort, so that a look which ignores its signal holds nobody up. */
function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function toResult(check: Check, seen: Seen | undefined, clock: Clock): CheckResult {
  const known = check.peek ? peeked(check.peek, clock) : seen;
  const { name, kind, probe, queue } = check;
  return {
    name,
    kind,
    critical: check.critical ?? kind !== "info",
    probe,
    queue,
    isConfigured: check.isConfigured ?? true,
    ...judge(check, known, clock),
    checkedAt: known?.at,
    durationMs: known?.durationMs,
  };
}

function peeked(peek: () => Sighting, clock: Clock): Seen {
  return { sighting: peek(), error: undefined, at: clock.now(), durationMs: 0 };
}

function judge(
  check: Check,
  seen: Seen | undefined,
  clock: Clock,
): Pick<CheckResult, "state" | "error" | "value"> {
  if (!seen) return { state: "unknown", error: "not checked yet", value: undefined };
  const { timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS } = check;
  const limitMs = check.staleAfterMs ?? 2 * intervalMs + timeoutMs;
  const ageMs = clock.now().getTime() - seen.at.getTime();
  if (ageMs > limitMs) {
    const error = `last checked ${Math.round(ageMs / 1000)} s ago`;
    return { state: "stale", error, value: undefined };
  }
  const error = seen.error ?? seen.sighting.problem;
  const { value } = seen.sighting;
  return { state: error === undefined ? "ok" : "failed", error, value };
}
