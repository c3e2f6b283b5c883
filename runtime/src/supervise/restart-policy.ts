import { constants } from "node:os";
import type { ManifestApp } from "../contract/app.ts";
import { EXIT } from "../contract/exit-code.ts";

/** The default of systemd's StartLimitBurst; see docs/sources.md. @see systemd.unit(5) */
const RESTARTS_MAX = 5;

/** Restarts before this window do not count, in s. */
const WINDOW_SECONDS = 300;

/** Wait before the first restart of a window, in ms; it doubles with each further one. */
const FIRST_WAIT_MS = 1000;

/** Longest wait before a restart, in ms. */
const LONGEST_WAIT_MS = 30_000;

/** Shells add this to the number of the signal that ended a process. @see POSIX 2.8.2 */
const SIGNALLED = 128;

export interface RestartRules {
  readonly policy: "always" | "on-failure" | "never";
  readonly max: number;
  readonly windowMs: number;
}

/** How the app ended. */
export interface AppEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The watchdog ended it, so it failed with any exit code. */
  readonly wasForced: boolean;
}

/** What follows the end of the app. */
export type AfterEnd =
  | { readonly next: "restart"; readonly waitMs: number }
  | { readonly next: "exit"; readonly exitCode: number; readonly why: string };

/** The manifest's rules with their defaults. */
export function restartRules(restart: ManifestApp["restart"]): RestartRules {
  return {
    policy: restart?.policy ?? "on-failure",
    max: restart?.max ?? RESTARTS_MAX,
    windowMs: (restart?.windowSeconds ?? WINDOW_SECONDS) * 1000,
  };
}

/** Decides by the times (monotonic, ms) of the earlier restarts. */
export function afterEnd(
  rules: RestartRules,
  end: AppEnd,
  { restarts, nowMs }: { readonly restarts: readonly number[]; readonly nowMs: number },
): AfterEnd {
  const exitCode = exitCodeOf(end);
  if (rules.policy === "never") return { next: "exit", exitCode, why: "its policy is never" };
  if (rules.policy === "on-failure" && !end.wasForced && end.exitCode === 0) {
    return { next: "exit", exitCode, why: "it ended by itself" };
  }
  const recent = restarts.filter((at) => nowMs - at < rules.windowMs).length;
  if (recent < rules.max) {
    return { next: "restart", waitMs: Math.min(FIRST_WAIT_MS * 2 ** recent, LONGEST_WAIT_MS) };
  }
  const why = `restart limit reached: ${recent} within ${rules.windowMs / 1000} s`;
  return { next: "exit", exitCode: exitCode === 0 ? EXIT.failed : exitCode, why };
}

/** The app's exit code; 128 and the signal's number when a signal ended it. */
export function exitCodeOf({ exitCode, signal, wasForced }: AppEnd): number {
  if (exitCode !== null) return wasForced && exitCode === 0 ? EXIT.failed : exitCode;
  return signal === null ? EXIT.failed : SIGNALLED + constants.signals[signal];
}
