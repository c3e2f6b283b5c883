import type { ManifestCheck } from "../contract/health.ts";

/** `live`: part of liveness. `ready`: part of readiness. `info`: told and never acted upon. */
export type CheckKind = ManifestCheck["kind"];

/** What a look at something found. A look that cannot find out throws. */
export interface Sighting {
  /** What was measured: a queue's depth, seconds of age, free megabytes. */
  readonly value?: number;
  /** Why it is not well, in words without hosts and credentials; absent when it is well. */
  readonly problem?: string;
}

/** One thing that health depends on. */
export interface Check {
  readonly name: string;
  readonly kind: CheckKind;
  /** A failing critical check is a 503, any other makes the answer `degraded`; true unless `info`. */
  readonly critical?: boolean;
  /** What is looked at, in the manifest's words; presets find their checks by it. */
  readonly probe?: ManifestCheck["probe"]["kind"];
  /** Key of the queue that is measured. */
  readonly queue?: string;
  /** False when the variable with its URL is not set; true without it. */
  readonly isConfigured?: boolean;
  /** How long one look may take; 3 s without it. */
  readonly timeoutMs?: number;
  /** Time from one look to the next; 10 s without it. */
  readonly intervalMs?: number;
  /** A result older than this counts as failed; two intervals and a timeout without it. */
  readonly staleAfterMs?: number;
  /**
   * Looks in the background, so that no request waits for it. The signal is aborted when the time
   * is over.
   */
  readonly look?: (signal: AbortSignal) => Promise<Sighting | undefined>;
  /** What is known without waiting, such as what the app reported: read when it is asked for. */
  readonly peek?: () => Sighting;
  /** Frees what the looks hold. */
  readonly close?: () => Promise<void>;
}

/** `unknown`: not looked at yet. `stale`: the last result is too old to be believed. */
export type CheckState = "ok" | "failed" | "stale" | "unknown";

/** What is known of a check now. */
export interface CheckResult {
  readonly name: string;
  readonly kind: CheckKind;
  readonly critical: boolean;
  readonly probe: Check["probe"];
  readonly queue: string | undefined;
  readonly isConfigured: boolean;
  readonly state: CheckState;
  /** Why it is not ok, without hosts and credentials. */
  readonly error: string | undefined;
  /** Absent when it could not be measured: a failed source is no 0. */
  readonly value: number | undefined;
  readonly checkedAt: Date | undefined;
  readonly durationMs: number | undefined;
}

/** An error of a look whose text may be told to anybody. */
export class CheckError extends Error {
  override readonly name = "CheckError";
}
