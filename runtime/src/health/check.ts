import type { ManifestCheck } from "../contract/health.ts";

/** `live`: part of liveness. `ready`: part of readiness. `info`: shown and never acted upon. */
export type CheckKind = ManifestCheck["kind"];

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
  readonly kind: CheckKind;
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

/** `unknown`: not probed yet. `stale`: the last result is too old to count. */
export type CheckState = "ok" | "failed" | "stale" | "unknown";

/** What is known of a check now. */
export interface CheckResult {
  readonly name: string;
  readonly kind: CheckKind;
  readonly critical: boolean;
  readonly probeKind: Check["probeKind"];
  readonly queue: string | undefined;
  readonly isConfigured: boolean;
  readonly state: CheckState;
  /** Why it is not ok, without hosts and credentials. */
  readonly error: string | undefined;
  /** Absent when it could not be measured, so that a failed source is never 0. */
  readonly value: number | undefined;
  readonly checkedAt: Date | undefined;
  readonly durationMs: number | undefined;
}

/** An error whose message is safe to show to anybody: it holds no host and no credential. */
export class CheckError extends Error {
  override readonly name = "CheckError";
}

/** Everything from which health is judged. */
export interface Evidence {
  readonly results: readonly CheckResult[];
  /** Parts of the app that reported that they are not ready, by name. */
  readonly notReady: readonly string[];
  readonly isShuttingDown: boolean;
}

/** Yes or no, with the reasons for a no. */
export interface Verdict {
  readonly ok: boolean;
  /** One line a reason, `<name>: <what is wrong>`. */
  readonly reasons: readonly string[];
}

/**
 * Whether the process should go on, by the last results of its `live` checks. One without a result
 * counts as alive: otherwise the platform would restart the process while it starts.
 */
export function judgeLiveness({ results }: Evidence): Verdict {
  const failed = results.filter((it) => it.kind === "live" && it.critical && isBad(it));
  return toVerdict(failed.filter(({ state }) => state !== "unknown"));
}

/** Whether requests should come here: no critical check fails, and no part reports "not ready". */
export function judgeReadiness({ results, notReady, isShuttingDown }: Evidence): Verdict {
  if (isShuttingDown) return { ok: false, reasons: ["shutting down"] };
  const failed = toVerdict(results.filter((it) => it.kind !== "info" && it.critical && isBad(it)));
  const reasons = [...failed.reasons, ...notReady.map((name) => `${name}: not ready`)];
  return { ok: reasons.length === 0, reasons };
}

/** `degraded`: a check that is not critical fails, and requests are still served. */
export type HealthStatus = "ok" | "degraded" | "failed" | "shutting-down";

/** Health as a whole. */
export function judgeHealth(evidence: Evidence): HealthStatus {
  if (evidence.isShuttingDown) return "shutting-down";
  if (!judgeReadiness(evidence).ok) return "failed";
  return evidence.results.some((it) => it.kind !== "info" && isBad(it)) ? "degraded" : "ok";
}

function isBad({ state }: CheckResult): boolean {
  return state !== "ok";
}

function toVerdict(failed: readonly CheckResult[]): Verdict {
  const reasons = failed.map(({ name, error }) => `${name}: ${error ?? "failed"}`);
  return { ok: failed.length === 0, reasons };
}
