import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import type { OrphanGuard } from "./orphan-guard.ts";
import { descendantsOf, isGroupAlive } from "./process-table.ts";

/** A command and the destination of its output. */
export interface GroupOptions {
  /** Executed by a shell, as on Render. */
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  readonly guard: OrphanGuard;
}

/** How a process ended, as Render's logs say it. */
export interface GroupEnd {
  readonly isOk: boolean;
  readonly words: string;
}

/** A command and all its descendants. */
export interface ProcessGroup {
  readonly pid: number | undefined;
  readonly ended: Promise<GroupEnd>;
  /** Sends SIGTERM, and SIGKILL to what is left after the grace period. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** How long output may arrive after the end; a remaining process may hold the pipe open. */
const OUTPUT_LIMIT_MS = 500;

/** Poll interval for the end of a group. */
const POLL_MS = 20;

/** Starts a command in its own process group. */
export function startGroup({ command, cwd, env, onLine, guard }: GroupOptions): ProcessGroup {
  const child = spawn("/bin/sh", ["-c", command], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid !== undefined) guard.add(pid);
  const output = Promise.all([linesOf(child.stdout, onLine), linesOf(child.stderr, onLine)]);
  const exited = new Promise<GroupEnd>((resolve) => {
    child.once("exit", (code, signal) => resolve(endOf(code, signal)));
    child.once("error", (error) => resolve({ isOk: false, words: error.message }));
  });
  const stopping: { untilMs?: number } = {};
  const ended = endAll(exited);
  return { pid, ended, stop: (graceMs) => stopGroup({ pid, ended, stopping }, graceMs) };

  async function endAll(leader: Promise<GroupEnd>): Promise<GroupEnd> {
    const end = await leader;
    if (pid !== undefined) {
      // The shell ends at once on SIGTERM; the program that it started gets the grace period.
      while (performance.now() < (stopping.untilMs ?? 0) && isGroupAlive(pid)) await sleep(POLL_MS);
      // A remaining process would hold the port, and a freed group id must not be guarded.
      signalGroup(pid, "SIGKILL");
      guard.remove(pid);
    }
    await Promise.race([output, sleep(OUTPUT_LIMIT_MS, undefined, { ref: false })]);
    return end;
  }
}

interface Stopped {
  readonly pid: number | undefined;
  readonly ended: Promise<GroupEnd>;
  readonly stopping: { untilMs?: number };
}

async function stopGroup({ pid, ended, stopping }: Stopped, graceMs: number): Promise<void> {
  if (pid === undefined) return;
  stopping.untilMs = performance.now() + graceMs;
  signalGroup(pid, "SIGTERM");
  const late = new AbortController();
  const isOver = await Promise.race([
    ended.then(() => true),
    sleep(graceMs, false, { signal: late.signal }).catch(() => false),
  ]);
  late.abort();
  if (isOver) return;

  // A killed supervisor cannot end the process groups that it started.
  for (const each of descendantsOf(pid)) signalProcess(each, "SIGKILL");
  signalGroup(pid, "SIGKILL");
  await ended;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  signalProcess(-pid, signal);
}

/** An ended process needs no signal. */
function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function linesOf(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = createInterface({ input: stream });
  lines.on("line", onLine);
  await once(lines, "close");
}

function endOf(code: number | null, signal: NodeJS.Signals | null): GroupEnd {
  const words = signal === null ? `exited with status ${code ?? 0}` : `was ended by ${signal}`;
  return { isOk: code === 0, words };
}
