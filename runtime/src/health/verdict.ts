import type { CheckResult } from "./check.ts";

/** What is decided from, without asking anybody. */
export interface Evidence {
  readonly results: readonly CheckResult[];
  /** Parts of the app that said that they are not ready, by name. */
  readonly notReady: readonly string[];
  readonly isShuttingDown: boolean;
}

/** A yes or no with its reasons. */
export interface Verdict {
  readonly ok: boolean;
  /** One line a reason, `<name>: <what is wrong>`. */
  readonly reasons: readonly string[];
}

/**
 * Whether the process should go on living: that it answers, and the last results of its `live`
 * checks. One that was not looked at yet is alive, or it would be restarted while it starts.
 */
export function judgeLiveness({ results }: Evidence): Verdict {
  return toVerdict(
    results.filter(
      (it) => it.kind === "live" && it.critical && isBad(it) && it.state !== "unknown",
    ),
  );
}

/** Whether requests should come here: no critical check fails, and nothing said that it is not ready. */
export function judgeReadiness(evidence: Evidence): Verdict {
  const { results, notReady, isShuttingDown } = evidence;
  if (isShuttingDown) return { ok: false, reasons: ["shutting down"] };
  const failed = toVerdict(results.filter((it) => it.kind !== "info" && it.critical && isBad(it)));
  const waiting = notReady.map((name) => `${name}: not ready`);
  return { ok: failed.ok && waiting.length === 0, reasons: [...failed.reasons, ...waiting] };
}

/** `degraded`: something that is not critical fails, and requests are still served. */
export type HealthStatus = "ok" | "degraded" | "failed" | "shutting-down";

/** How it is as a whole. */
export function judgeHealth(evidence: Evidence): HealthStatus {
  if (evidence.isShuttingDown) return "shutting-down";
  if (!judgeReadiness(evidence).ok) return "failed";
  const isDegraded = evidence.results.some((it) => it.kind !== "info" && isBad(it));
  return isDegraded ? "degraded" : "ok";
}

function isBad({ state }: CheckResult): boolean {
  return state !== "ok";
}

function toVerdict(failed: readonly CheckResult[]): Verdict {
  const reasons = failed.map(({ name, error }) => `${name}: ${error ?? "failed"}`);
  return { ok: failed.length === 0, reasons };
}
