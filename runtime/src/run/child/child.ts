import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Logger } from "pino";
import type { Env } from "../../contract/env.ts";
import { readLines, Tail } from "./output.ts";
import { endGroup, signalGroup } from "./process-group.ts";

/** How shells say that a command could not be executed, and that it was not found. @see POSIX 2.8.2 */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** What left the group on its own may hold the pipes open; it is not waited for longer than this. */
const PIPES_WAIT_MS = 500;

/** What is started, and how. */
export interface ChildOptions {
  /** Run by `/bin/sh`. Exactly one of `command` and `argv` is given. */
  readonly command?: string;
  readonly argv?: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  /** Gets a line for each line that the child writes. */
  readonly log: Logger;
  /** Between SIGTERM and SIGKILL of the whole group. */
  readonly graceMs: number;
  /** Stops the child when aborted. */
  readonly signal?: AbortSignal;
}

/** How a child ended. */
export interface ChildEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Last part of what it wrote, without secrets. */
  readonly tail: string;
}

/** A child and everything that it started, as one process group. */
export interface Child {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Settles when the whole group is gone. It never rejects: a child that cannot start is a 126 or 127. */
  readonly ended: Promise<ChildEnd>;
  /** SIGTERM to the group, SIGKILL after the grace; returns when it is gone. */
  stop(): Promise<ChildEnd>;
  /** Passes a signal on to the whole group. */
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a child as the leader of a process group of its own, so that what it starts ends with it:
 * a shell that dies of SIGTERM leaves its command running otherwise.
 */
export function startChild(options: ChildOptions): Child {
  const [file = "", ...args] = options.argv ?? ["/bin/sh", "-c", options.command ?? ""];
  const tail = new Tail();
  const spawned = spawn(file, args, {
    cwd: options.cwd,
    env: { ...options.env },
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
    // What the leader left behind in its group ends too, before somebody else may take its place.
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
    tail.add(`could not be started (${error.code ?? "unknown"})`);
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
