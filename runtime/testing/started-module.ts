import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect } from "vitest";

/** Start limit of Node on two slow, busy cores. */
const LIMIT_MS = 120_000;

const started = new Set<ChildProcess>();

afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  started.clear();
});

/** A process of a test. */
export interface TestProgram {
  /** Waits until it prints the text. Fails if it ends first. */
  said(word: string): Promise<void>;
  text(): string;
  kill(): void;
  readonly pid: number | undefined;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<unknown>;
}

/** Preparation of a start. */
export interface BeforeStart {
  /** Shell commands, such as ulimit. */
  readonly shell?: readonly string[];
  /** A wrapper that starts the shell, such as `unshare`. */
  readonly under?: readonly string[];
}

/** Starts a module from its text, with imports relative to a directory. It ends with the test. */
export function startProgram(
  directory: string,
  text: string,
  { shell = [], under = [] }: BeforeStart = {},
): TestProgram {
  const node = [process.execPath, "--input-type=module", "-e", text];
  const start = ["/bin/sh", "-c", [...shell, 'exec "$@" 2>&1'].join("; "), "sh", ...node];
  const [program = "", ...argv] = [...under, ...start];
  const child = spawn(program, argv, { cwd: directory, stdio: ["ignore", "pipe", "inherit"] });
  started.add(child);
  let heard = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (heard += part));
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return {
    said: (word) => expect.poll(() => heard, { timeout: LIMIT_MS }).toContain(word),
    text: () => heard,
    kill: () => void child.kill("SIGKILL"),
    pid: child.pid,
    ended,
  };
}
