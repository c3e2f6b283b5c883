import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Logger } from "pino";
import type { Env } from "../contract/env.ts";
import { errorCode } from "../contract/error-code.ts";
import { longestSecret, redact } from "../redaction.ts";
import { guarded } from "./guard.ts";
import { sleep } from "./timer.ts";

/** Exit codes of shells for a command that is not executable, or not found. @see POSIX 2.8.2 */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** Longest wait for the pipes to close, in ms: a process that left the group may hold them open. */
const PIPES_WAIT_MS = 500;

/** A longer line is split: log collectors drop lines that are much longer. */
const LINE_CHARACTERS_MAX = 8_192;

/** The end of a child's output that is kept for records and alerts. */
const TAIL_CHARACTERS = 4_000;

/** Poll interval for the end of a process group, in ms. */
const POLL_MS = 25;

/** Longest wait after SIGKILL, in ms; a group that is not reaped never disappears. */
const KILLED_WAIT_MS = 1_000;

/** What to start, and how. */
export interface ChildOptions {
  /** Run by `/bin/sh`. Exactly one of `command` and `argv` is given. */
  readonly command?: string;
  readonly argv?: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  /** Each line of output becomes a line of this log. */
  readonly log: Logger;
  /** Time between SIGTERM and SIGKILL of the group. */
  readonly graceMs: number;
  /** Stops the child when aborted. */
  readonly signal?: AbortSignal;
}

/** How a child ended. */
export interface ChildEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** End of its output, without secrets. */
  readonly tail: string;
}

/** A child process and its descendants, as one process group. */
export interface Child {
  /** Undefined when the child could not be started. */
  readonly pid: number | undefined;
  /** Resolves when the group is gone. It never rejects: a child that cannot start exits with 126 or 127. */
  readonly ended: Promise<ChildEnd>;
  /** Sends SIGTERM to the group, and SIGKILL after the grace period; resolves when it is gone. */
  stop(): Promise<ChildEnd>;
  /** Forwards a signal to the group. */
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a child as the leader of its own process group, so that its descendants end with it.
 * Otherwise a shell that SIGTERM ends leaves its command running.
 */
export function startChild(options: ChildOptions): Child {
  const [file = "", ...args] = options.argv ?? ["/bin/sh", "-c", options.command ?? ""];
  const tail = new Tail();
  const spawned = spawn(file, args, {
    cwd: options.cwd,
    env: { ...guarded(options.env) },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  readLines(spawned.stdout, (line) => noteLine(options.log, tail, { stream: "stdout", line }));
  readLines(spawned.stderr, (line) => noteLine(options.log, tail, { stream: "stderr", line }));
  const { pid } = spawned;
  let isEnded = false;
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    if (!isEnded && pid !== undefined) stopping ??= endGroup(pid, options.graceMs);
  };
  const ended = untilEnd(spawned, tail).then(async (end) => {
    // The rest of the group ends too, before another run may start.
    if (pid !== undefined) await (stopping ??= endGroup(pid, options.graceMs));
    isEnded = true;
    options.signal?.removeEventListener("abort", stop);
    return end;
  });
  if (options.signal?.aborted) stop();
  else options.signal?.addEventListener("abort", stop, { once: true });
  return {
    pid,
    ended,
    stop: () => {
      stop();
      return ended;
    },
    signal: (name) => {
      if (!isEnded && pid !== undefined) signalGroup(pid, name);
    },
  };
}

function noteLine(
  log: Logger,
  tail: Tail,
  { stream, line }: { stream: "stdout" | "stderr"; line: string },
): void {
  tail.add(line);
  log.info({ stream }, line);
}

type Spawned = ChildProcessByStdio<null, Readable, Readable>;

async function untilEnd(spawned: Spawned, tail: Tail): Promise<ChildEnd> {
  const { promise: exited, resolve } = Promise.withResolvers<Omit<ChildEnd, "tail">>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  spawned.once("error", (error: NodeJS.ErrnoException) => {
    tail.add(`cannot be started (${error.code ?? "unknown"})`);
    resolve({ exitCode: error.code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE, signal: null });
    close();
  });
  spawned.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  spawned.once("close", () => close());
  const end = await exited;
  const timer = setTimeout(close, PIPES_WAIT_MS);
  await closed;
  clearTimeout(timer);
  spawned.stdout.destroy();
  spawned.stderr.destroy();
  return { ...end, tail: tail.toString() };
}

/** The end of a child's output, whose lines have no secrets any more. */
class Tail {
  #text = "";

  add(line: string): void {
    this.#text = `${this.#text}${line}\n`.slice(-TAIL_CHARACTERS);
  }

  toString(): string {
    return this.#text.trimEnd();
  }
}

/**
 * Calls `take` with each line of the stream, and with a last line without a line break.
 *
 * Secrets are hidden before a long line is split: half of one would not be found. The end of an
 * incomplete line stays until it cannot be the beginning of a secret.
 */
function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) takeInParts(redact(line), take);
    if (rest.length <= LINE_CHARACTERS_MAX + longestSecret()) return;
    rest = redact(rest);
    while (rest.length > LINE_CHARACTERS_MAX + longestSecret()) {
      take(rest.slice(0, LINE_CHARACTERS_MAX));
      rest = rest.slice(LINE_CHARACTERS_MAX);
    }
  });
  const finish = (): void => {
    if (rest !== "") takeInParts(redact(rest), take);
    rest = "";
  };
  stream.on("end", finish);
  stream.on("close", finish);
}

function takeInParts(line: string, take: (line: string) => void): void {
  for (let start = 0; start === 0 || start < line.length; start += LINE_CHARACTERS_MAX) {
    take(line.slice(start, start + LINE_CHARACTERS_MAX));
  }
}

/** Sends a signal to every process of a group; false when the group is gone. */
function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-groupId, signal);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    // The group exists, and one of its processes belongs to another user.
    if (errorCode(error) === "EPERM") return true;
    throw error;
  }
}

/** Ends a group with SIGTERM, and with SIGKILL after the grace period. */
async function endGroup(groupId: number, graceMs: number): Promise<void> {
  if (!signalGroup(groupId, "SIGTERM")) return;
  // A stopped process receives SIGTERM only when it continues.
  signalGroup(groupId, "SIGCONT");
  if (await isGoneWithin(groupId, graceMs)) return;
  signalGroup(groupId, "SIGKILL");
  await isGoneWithin(groupId, KILLED_WAIT_MS);
}

async function isGoneWithin(groupId: number, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (signalGroup(groupId, 0)) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    await sleep(Math.min(POLL_MS, leftMs));
  }
  return true;
}
