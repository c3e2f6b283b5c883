import type { ManifestApp } from "../contract/app.ts";
import { EXIT } from "../contract/exit-code.ts";
import { constants } from "node:os";

/** The default of systemd's StartLimitBurst; see docs/sources.md. @see systemd.unit(5) */
const RESTARTS_MAX = 5;

/** Restarts longer ago than this are forgotten, in s. */
const WINDOW_SECONDS = 300;

/** Before the first restart of a window, in ms; doubled with each further one. */
const FIRST_WAIT_MS = 1000;

/** Longest wait before a restart, in ms. */
const LONGEST_WAIT_MS = 30_000;

/** What shells add to the number of the signal that ended a process. @see POSIX 2.8.2 */
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
  /** The watchdog ended it, so it failed however it says goodbye. */
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

/** Decides by the times (monotonic, ms) of the restarts so far. */
export function afterEnd(
  rules: RestartRules,
  end: AppEnd,
  { restarts, nowMs }: { readonly restarts: readonly number[]; readonly nowMs: number },
): AfterEnd {
  const hasFailed = end.wasForced || end.exitCode !== 0;
  const exitCode = exitCodeOf(end);
  if (rules.policy === "never") return { next: "exit", exitCode, why: "it is never restarted" };
  if (rules.policy === "on-failure" && !hasFailed) {
    return { next: "exit", exitCode, why: "it ended by itself" };
  }
  const recent = restarts.filter((at) => nowMs - at < rules.windowMs).length;
  if (recent < rules.max) {
    return { next: "restart", waitMs: Math.min(FIRST_WAIT_MS * 2 ** recent, LONGEST_WAIT_MS) };
  }
  const why = `${recent} restarts within ${rules.windowMs / 1000} s are all that it gets`;
  return { next: "exit", exitCode: exitCode === 0 ? EXIT.failed : exitCode, why };
}

/** The app's own exit code; 128 and the signal's number when one ended it. */
export function exitCodeOf({ exitCode, signal, wasForced }: AppEnd): number {
  if (exitCode !== null) return wasForced && exitCode === 0 ? EXIT.failed : exitCode;
  return signal === null ? EXIT.failed : SIGNALLED + constants.signals[signal];
}
