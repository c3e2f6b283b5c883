import { type Clock, SYSTEM_CLOCK } from "../run/clock.ts";
import type { Env } from "../contract/env.ts";

/** What is needed to read a source. */
export interface SourceDeps {
  /** With `X_FILE` resolved into `X`. */
  readonly env: Env;
  /** Where relative paths begin. */
  readonly directory: string;
  readonly signal?: AbortSignal;
  /** How long the read may take in all; 30 s without it. */
  readonly timeoutMs?: number;
  /** Wait before the first retry of a request that may be repeated; 1 s without it. */
  readonly retryMs?: number;
  /** The system's without it. */
  readonly clock?: Clock;
}

/** The same while one source is read: its signal ends with its time. */
export interface SourceReading extends SourceDeps {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** The time for a reader, in milliseconds since 1970. */
export function nowOf({ clock = SYSTEM_CLOCK }: Pick<SourceDeps, "clock">): number {
  return clock.now().getTime();
}
