import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { renderManifest, type RuntimeManifest } from "../src/contract/manifest.ts";
import { freePort } from "./server-process.ts";
import { MANIFEST_HEAD } from "./manifest-head.ts";
import { scratchDirectory } from "./scratch-directory.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The command of the app that tests control. */
export const APP_COMMAND = `exec ${process.execPath} ${fileURLToPath(new URL("app-fixture.mjs", import.meta.url))}`;

/** The token of its operators. */
export const SUPERVISED_TOKEN = "ops-token-of-a-test";

/** Limit of each step of such a test, in ms; a busy machine takes seconds to start Node. */
export const PATIENCE_MS = 60_000;

export type LogLine = Readonly<Record<string, unknown>>;

/** A supervisor under test in a separate process. */
export interface Supervised {
  readonly url: string;
  /** The app's working directory. */
  readonly directory: string;
  readonly pid: number;
  readonly lines: LogLine[];
  readonly exited: Promise<{ readonly code: number | null }>;
  signal(name: NodeJS.Signals): void;
  get(path: string): Promise<{ status: number; text: string; headers: Headers }>;
  ops(path: string, init?: RequestInit): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Resolves with the first line of this message. */
  line(message: string): Promise<LogLine>;
}

export interface SupervisedOptions {
  readonly manifest?: Partial<RuntimeManifest>;
  readonly env?: Record<string, string>;
  readonly argv?: readonly string[];
  readonly directory?: string;
  /** A wrapper that starts Node, such as `unshare`. */
  readonly startedBy?: readonly string[];
}

/** Starts `opspec-runtime supervise` with a manifest. It ends with the test. */
export async function startSupervised(options: SupervisedOptions = {}): Promise<Supervised> {
  const directory = options.directory ?? scratchDirectory();
  const port = await freePort();
  const manifest = join(directory, "opspec-manifest.json");
  writeFileSync(manifest, renderManifest(manifestOf(options)));
  const argv = options.argv ?? [APP_COMMAND];
  const node = [process.execPath, "--no-warnings", MAIN, "supervise", "--", ...argv];
  const [program = "", ...args] = [...(options.startedBy ?? []), ...node];
  const child = spawn(program, args, {
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      PORT: String(port),
      OPSPEC_MANIFEST: manifest,
      OPSPEC_OPS_TOKEN: SUPERVISED_TOKEN,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: LogLine[] = [];
  const reader = createInterface(child.stdout);
  reader.on("line", (line) => lines.push(parse(line)));
  const closed = once(reader, "close");
  const exited = once(child, "exit").then(async ([code]: unknown[]) => {
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1000))]);
    return { code: typeof code === "number" ? code : null };
  });
  onTestFinished(async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await exited;
    clearTimeout(timer);
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    directory,
    pid: child.pid ?? 0,
    lines,
    exited,
    ...talk({ child, url, lines, exited }),
  };
}

interface Talk {
  readonly child: { kill(name: NodeJS.Signals): boolean };
  readonly url: string;
  readonly lines: readonly LogLine[];
  readonly exited: Promise<unknown>;
}

function talk({
  child,
  url,
  lines,
  exited,
}: Talk): Pick<Supervised, "signal" | "get" | "ops" | "line"> {
  return {
    signal: (name) => void child.kill(name),
    get: async (path) => {
      const answer = await fetch(`${url}${path}`);
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    },
    ops: async (path, init = {}) => {
      const headers = { "x-ops-token": SUPERVISED_TOKEN, ...init.headers };
      const answer = await fetch(`${url}/ops${path}`, { ...init, headers });
      const body: Record<string, unknown> = JSON.parse(await answer.text());
      return { status: answer.status, body };
    },
    line: async (message) => {
      let isOver = false;
      void exited.then(() => (isOver = true));
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const found = lines.find(({ msg }) => msg === message);
        if (found) return found;
        if (isOver || performance.now() > deadline) {
          throw new Error(`no line "${message}" among ${JSON.stringify(lines, null, 1)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

function manifestOf({ manifest }: SupervisedOptions): RuntimeManifest {
  return {
    ...MANIFEST_HEAD,
    jobs: [],
    ...manifest,
    app: { front: true, graceSeconds: 10, ...manifest?.app },
  };
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line);
  } catch {
    return { msg: line, isRaw: true };
  }
}
