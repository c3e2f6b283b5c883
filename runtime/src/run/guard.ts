import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Env } from "../contract/env.ts";
import { isGone, ownIdentity, parentOf, type ProcessIdentity } from "../state/process-identity.ts";

/**
 * The variable that marks every process that a runtime starts, with the runtime's identity.
 *
 * A descendant keeps it even if it leaves its process group and loses its parent (setsid, a daemon).
 */
const MARK = "OPSPEC_STARTED_BY";

/** Time between SIGTERM and SIGKILL for the processes of a runtime that is gone, in s. */
const GRACE_SECONDS = 10;

const POLL_MS = 200;

/**
 * Waits on a pipe until its runtime is gone, then ends every process with the mark.
 *
 * It is a shell script, because a second Node would take 40 MB for each runtime. $1 is the mark, $2
 * the number of polls before SIGKILL.
 */
const GUARD = `
trap '' HUP INT TERM
cat >/dev/null
marked() { grep -lsF "${MARK}=$1" /proc/[0-9]*/environ | sed -n 's|^/proc/\\([0-9]*\\)/environ$|\\1|p'; }
polls=0
while pids=$(marked "$1") && [ -n "$pids" ]; do
  if [ $polls -eq 0 ]; then kill -TERM $pids; kill -CONT $pids; fi
  if [ $polls -ge "$2" ]; then kill -KILL $pids; fi
  polls=$((polls + 1))
  sleep 0.2
done 2>/dev/null
`;

/** The mark of this process, once it has a guard. Undefined where there is no /proc. */
let ownMark: string | undefined;

/**
 * The environment of a child with the mark of this runtime. From the first child on, a guard ends all
 * of them if this runtime is killed.
 */
export function guarded(env: Env): Env {
  const identity = ownIdentity();
  if (identity === undefined) return env;
  ownMark ??= startGuard(markOf(identity));
  return { ...env, [MARK]: ownMark };
}

/**
 * Ends the processes that runtimes of this machine started and that outlived them, so that no second
 * app and no second run exists beside them.
 */
export async function endLeftovers(log: Logger): Promise<void> {
  const own = ownIdentity();
  if (own === undefined) return;
  const deadline = performance.now() + GRACE_SECONDS * 1000;
  let left = leftovers(own);
  if (left.length === 0) return;
  log.warn({ pids: left }, "ending processes that a killed runtime left behind");
  for (const pid of left) {
    signal(pid, "SIGTERM");
    signal(pid, "SIGCONT");
  }
  while ((left = leftovers(own)).length > 0) {
    if (performance.now() > deadline) for (const pid of left) signal(pid, "SIGKILL");
    await sleep(POLL_MS);
  }
}

/**
 * Whether this runtime started the process, directly or through another one. A process may have lost
 * its parent (a daemon) or the mark (`env -i`).
 */
export function isStartedHere(pid: number): boolean {
  if (ownMark !== undefined && markIn(pid) === ownMark) return true;
  let ancestor = parentOf(pid);
  while (ancestor !== undefined && ancestor !== process.pid) ancestor = parentOf(ancestor);
  return ancestor !== undefined;
}

function startGuard(mark: string): string {
  const polls = String((GRACE_SECONDS * 1000) / POLL_MS);
  const guard = spawn("/bin/sh", ["-c", GUARD, "opspec-guard", mark, polls], {
    detached: true,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  // A runtime without a guard works; its leftovers end with the next start.
  guard.on("error", () => undefined);
  guard.unref();
  guard.stdin.on("error", () => undefined);
  if ("unref" in guard.stdin && typeof guard.stdin.unref === "function") guard.stdin.unref();
  return mark;
}

/** Ends with a delimiter, so that no mark is the beginning of another one. */
function markOf({ bootId, pidNamespace, pid, startTicks }: ProcessIdentity): string {
  return `${[bootId, pidNamespace, pid, startTicks].join(",")};`;
}

function identityOf(mark: string): ProcessIdentity | undefined {
  const [bootId, pidNamespace, pid, startTicks] = mark.replace(/;$/, "").split(",");
  if (!bootId || !pidNamespace || !startTicks) return undefined;
  return { bootId, pidNamespace, pid: Number(pid), startTicks };
}

/** Processes whose runtime is gone. Those of other users cannot be read and are not ours. */
function leftovers(own: ProcessIdentity): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const mark = Number.isInteger(pid) ? markIn(pid) : undefined;
    const runtime = mark === undefined ? undefined : identityOf(mark);
    return runtime && pid !== own.pid && isGone(runtime, own) ? [pid] : [];
  });
}

function markIn(pid: number): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return variables.find((it) => it.startsWith(`${MARK}=`))?.slice(MARK.length + 1);
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
}
