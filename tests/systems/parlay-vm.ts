import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { vi } from "vitest";
import type { EnvValue } from "../../infra/model/value-model.ts";
import { loadStack } from "../../infra/stack.ts";
import { freePort } from "../../runtime/testing/server-process.ts";
import { CHECKOUT } from "../../scripts/workspace/paths.ts";
import { builtRuntime } from "./built-runtime.ts";
import { WAIT } from "./system-scene.ts";

const STACK = "parlay-gorilla";

/** Directory of the runtime in the stand-in's image. */
const RUNTIME_IN_IMAGE = "/opt/opspec";

/** Changes of a container for a test. */
export interface ContainerOptions {
  /** Overrides of the stack's variables, such as the address of an unavailable database. */
  readonly env?: Readonly<Record<string, string>>;
  /** Another command in the same container, as with `docker compose run`. */
  readonly command?: string;
  /** Changes the manifest, for example to shorten times. */
  readonly manifest?: (text: string) => string;
}

/** A container as a process of this machine. */
export interface Container {
  readonly name: string;
  /** `http://localhost:<port>`, the runbook's localhost:8000. */
  readonly url: string;
  readonly exited: Promise<number>;
  /** The parsed JSON log lines of the runtime and the app. */
  lines(text: string): Record<string, unknown>[];
  /** Waits for a log line. */
  said(text: string): Promise<Record<string, unknown>>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  end(signal?: NodeJS.Signals): Promise<number>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The stand-in for the VM, with the two containers of parlay-gorilla. */
export interface Vm {
  start(service: "api" | "scheduler", options?: ContainerOptions): Promise<Container>;
  /** A file that makes the scheduler's jobs fail with its text while it exists. */
  readonly faultFile: string;
  /** Stops every running container. */
  close(): Promise<void>;
}

/** The values of the stack's variables on this machine. */
export interface VmValues {
  readonly secrets: Readonly<Record<string, string>>;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A stand-in for the VM without Docker, proxy and systemd: it runs only the processes of the containers. */
export async function openVm(values: VmValues): Promise<Vm> {
  const context: VmContext = {
    values,
    runtime: await builtRuntime(),
    directory: mkdtempSync(join(tmpdir(), "opspec-parlay-")),
  };
  cpSync(join(CHECKOUT, "tests", "systems", "apps", STACK), context.directory, { recursive: true });
  const started: Container[] = [];
  const faultFile = join(context.directory, "fault.txt");
  return {
    faultFile,
    start: async (service, options = {}) => {
      const name = `${service}-${started.length + 1}`;
      const container = await startContainer(context, { service, name, faultFile }, options);
      started.push(container);
      return container;
    },
    close: async () => {
      await Promise.all(started.map((it) => it.end()));
      rmSync(context.directory, { recursive: true, force: true });
    },
  };
}

interface VmContext {
  readonly values: VmValues;
  readonly runtime: string;
  /** The stand-in for the image's working directory. */
  readonly directory: string;
}

interface Named {
  readonly service: string;
  readonly name: string;
  readonly faultFile: string;
}

/** The model's command, variables and manifest of a container. */
async function startContainer(
  { values, runtime, directory }: VmContext,
  { service, name, faultFile }: Named,
  { env = {}, command, manifest = (text) => text }: ContainerOptions,
): Promise<Container> {
  const model = loadStack(STACK).model.containers.find(({ key }) => key === service);
  const [file] = model?.files ?? [];
  if (!model?.startCommand || file === undefined)
    throw new Error(`${service}: is not in the model`);
  const manifestFile = join(directory, `${name}.json`);
  writeFileSync(manifestFile, manifest(String(file.content)));
  const port = await freePort();
  const line = (command ?? model.startCommand).replaceAll(RUNTIME_IN_IMAGE, runtime);
  const child = spawn("/bin/sh", ["-c", `exec ${line}`], {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...Object.fromEntries(
        Object.entries(model.env).flatMap(([key, value]) => valueOf(key, value, values)),
      ),
      PATH: `${directory}/bin:${process.env["PATH"] ?? ""}`,
      // The packages in the stand-in's image.
      NODE_PATH: join(CHECKOUT, "node_modules"),
      PORT: String(port),
      OPSPEC_MANIFEST: manifestFile,
      STAND_IN_NAME: name,
      STAND_IN_FAULT: faultFile,
      ...values.env,
      ...env,
    },
  });
  return containerOf(child, name, `http://localhost:${port}`);
}

function valueOf(key: string, value: EnvValue, values: VmValues): [string, string][] {
  switch (value.kind) {
    case "text":
      return [[key, value.text]];
    case "secret": {
      const secret = values.secrets[value.secret];
      return secret === undefined ? [] : [[key, secret]];
    }
    case "database":
      return [[key, values.databaseUrl]];
    case "keyValue":
      return [[key, values.redisUrl]];
    case "reference":
      throw new Error(`${key}: the stand-in VM knows no ${value.service}`);
  }
}

function containerOf(child: ChildProcess, name: string, url: string): Container {
  const lines: string[] = [];
  if (child.stdout) createInterface(child.stdout).on("line", (line) => lines.push(line));
  const exited = once(child, "exit").then(([code, signal]: unknown[]) =>
    typeof code === "number" ? code : Number(signal === null),
  );
  const found = (text: string) =>
    lines
      .filter((line) => line.includes(text))
      .map((line): Record<string, unknown> => parsed(line));
  return {
    name,
    url,
    exited,
    lines: found,
    said: async (text) =>
      vi.waitFor(() => {
        const [first] = found(text);
        if (!first)
          throw new Error(`${name} has not said "${text}": ${lines.slice(-20).join("\n")}`);
        return first;
      }, WAIT),
    get: async (path, headers = {}) => {
      const answer = await fetch(`${url}${path}`, { headers });
      return { status: answer.status, headers: answer.headers, body: parsed(await answer.text()) };
    },
    end: async (signal = "SIGTERM") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
