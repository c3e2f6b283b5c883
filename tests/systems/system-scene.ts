import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { type CheckoutCopy, copyCheckout } from "../../infra/testing/checkout-copy.ts";
import type { RunRecord } from "../../runtime/src/contract/run-record.ts";
import { CHECKOUT } from "../../scripts/workspace/paths.ts";
import { builtRuntime } from "./built-runtime.ts";
import { type CloudView, cloudView, type ServiceView } from "./cloud-view.ts";

/** Limit for builds, starts and answers on a busy machine. */
export const WAIT = { timeout: 120_000, interval: 250 };

/** Directory of the vendored runtime in a stand-in's repository. */
const VENDORED = "vendor/opspec-runtime";

/** The options with which one of the five systems runs on this machine. */
export interface SystemOptions {
  /** Name of its stack. */
  readonly stack: string;
  /** Folder of the stand-in below tests/systems/apps, by repository. */
  readonly apps: Readonly<Record<string, string>>;
  /** The real Postgres or Redis of a database or key value, by its name on Render. */
  readonly stores?: Readonly<Record<string, string>>;
  /** Values of secrets; the others get placeholders. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Changes the spec of the copy, for example schedules and addresses of stand-ins. */
  readonly edit?: (spec: string) => string;
}

/** The output and the exit code of `opspec`. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A system that runs in the local cloud. */
export interface System {
  readonly cloud: CloudView;
  /** Runs a command of opspec in the copy of the checkout. */
  opspec(...args: string[]): Promise<Said>;
  /** Deploys the current spec. */
  up(): Promise<Said>;
  edit(change: (spec: string) => string): void;
  /** Sends a request to a service by its key, by default with the ops token. */
  ask(service: string, path: string, init?: AskInit): Promise<Response>;
  /** Starts a job by hand, as the console does, and waits for its run record. */
  runJob(
    service: string,
    job: string,
    body?: { actor?: string; input?: object },
  ): Promise<RunRecord>;
  /** The run records of a job from the service, newest first. */
  records(service: string, job: string): Promise<RunRecord[]>;
  /** Advances the cloud's clock, so that cron jobs become due. */
  passTime(seconds: number): Promise<void>;
  /** The newest 100 log lines of a service that contain the text, oldest first. */
  logs(service: string, text: string): Promise<string[]>;
  /** The directory that stands for its disk. */
  disk(service: string): Promise<string>;
  close(): Promise<void>;
}

export interface AskInit extends RequestInit {
  readonly token?: string | null;
}

/** Copies the checkout, starts a local cloud that runs services, and deploys the stack. */
export async function openSystem(options: SystemOptions): Promise<System> {
  const runtime = await builtRuntime();
  const copied = copyCheckout();
  const sources = placeApps(copied, options.apps, runtime);
  const specFile = join(copied.checkout, "stacks", `${options.stack}.ops.yaml`);
  const edit: System["edit"] = (change) =>
    writeFileSync(specFile, change(readFileSync(specFile, "utf8")));
  edit(vendorRuntime);
  if (options.edit) edit(options.edit);
  writeSecrets(copied, options.secrets ?? {});
  const image = /image: (\S+)/.exec(readFileSync(specFile, "utf8"))?.[1];
  const kept = await keepCloud(copied, { ...sources, ...(image && { [image]: runtime }) }, options);
  const close = async (): Promise<void> => {
    await end(kept.process);
    copied.remove();
  };
  try {
    const system = systemOf(copied, options.stack, { ...kept, edit, close });
    const said = await system.up();
    if (said.code !== 0) throw new Error(`up of ${options.stack}:\n${said.stdout}${said.stderr}`);
    return system;
  } catch (error) {
    await close();
    throw error;
  }
}

interface KeptCloud {
  readonly process: ChildProcess;
  readonly view: CloudView;
}

function systemOf(
  { checkout }: CheckoutCopy,
  stack: string,
  { view, edit, close }: KeptCloud & Pick<System, "edit" | "close">,
): System {
  const opspec = (...args: string[]): Promise<Said> => runOpspec(checkout, args);
  const service = (key: string): Promise<ServiceView> => view.service(stack, key);
  const ask: System["ask"] = async (key, path, { token, ...init } = {}) => {
    const { url, opsToken } = await service(key);
    const headers = new Headers(init.headers);
    const bearer = token === undefined ? opsToken : token;
    if (bearer && !headers.has("authorization")) headers.set("authorization", `Bearer ${bearer}`);
    return fetch(new URL(path, url), { ...init, headers });
  };
  return {
    cloud: view,
    opspec,
    up: () => opspec("up", stack, "--local"),
    edit,
    ask,
    runJob: async (key, job, body = {}) => {
      const started = await ask(key, `/ops/jobs/${job}/run`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      return await ended(started, (path) => ask(key, path));
    },
    records: async (key, job) => {
      const answer = await ask(key, `/ops/runs?job=${job}&limit=200`);
      const { runs } = (await answer.json()) as { runs: RunRecord[] };
      return runs;
    },
    passTime: (seconds) => view.passTime(seconds),
    logs: async (key, text) => view.logs(await service(key), text),
    disk: async (key) => {
      const id = await view.diskId(await service(key));
      return join(checkout, ".opspec", "local", "run", "disks", id);
    },
    close,
  };
}

/** Waits for the record of a started run. */
async function ended(
  started: Response,
  look: (path: string) => Promise<Response>,
): Promise<RunRecord> {
  let answer = started;
  if (started.status !== 200 && started.status !== 202) {
    throw new Error(`the run was not started: ${started.status} ${await started.text()}`);
  }
  const path = started.headers.get("location") ?? "";
  await vi.waitFor(async () => {
    if (answer.status === 202) answer = await look(path);
    if (answer.status === 202) throw new Error(`${path} is still running`);
  }, WAIT);
  return (await answer.json()) as RunRecord;
}

/** Creates the repository of each stand-in, with the runtime in it. */
function placeApps(
  { directory }: CheckoutCopy,
  apps: SystemOptions["apps"],
  runtime: string,
): Record<string, string> {
  const folders = Object.entries(apps).map(([repository, name]) => {
    const folder = join(directory, "sources", name);
    cpSync(join(CHECKOUT, "tests", "systems", "apps", name), folder, { recursive: true });
    mkdirSync(join(folder, VENDORED, ".."), { recursive: true });
    symlinkSync(runtime, join(folder, VENDORED));
    return [repository, folder] as const;
  });
  return Object.fromEntries(folders);
}

/** The archive on the example host cannot be downloaded, so a native service has the runtime in its repository. */
function vendorRuntime(spec: string): string {
  return spec.replace(/^ {2}archive:\n(?: {4}.*\n)+/m, `  path: ${VENDORED}\n`);
}

function writeSecrets({ checkout }: CheckoutCopy, secrets: Readonly<Record<string, string>>): void {
  const directory = join(checkout, ".opspec", "local");
  mkdirSync(directory, { recursive: true });
  const lines = Object.entries(secrets).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(directory, "secrets.env"), lines.join(""));
}

/** Starts the cloud in a separate process, as in a second terminal. */
async function keepCloud(
  { checkout }: CheckoutCopy,
  sources: Readonly<Record<string, string>>,
  { stores = {} }: Pick<SystemOptions, "stores">,
): Promise<KeptCloud> {
  const script = join(checkout, "scripts", "bin", "opspec.mjs");
  const args = ["cloud", "--local", "--run", ...named("--source", sources)];
  const kept = spawn(process.execPath, [script, ...args, ...named("--store", stores)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const urls = JSON.parse(await firstLine(kept)) as {
      render: string;
      local: string;
      token: string;
    };
    return { process: kept, view: cloudView(urls) };
  } catch (error) {
    await end(kept);
    throw error;
  }
}

function named(flag: string, pairs: Readonly<Record<string, string>>): string[] {
  return Object.entries(pairs).flatMap(([name, value]) => [flag, `${name}=${value}`]);
}

/** The cloud's first output line contains its address. */
async function firstLine(kept: ChildProcess): Promise<string> {
  let said = "";
  for (const stream of [kept.stdout, kept.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => void (said += text));
  }
  await vi.waitFor(() => {
    if (!said.includes("\n")) throw new Error(`the local cloud has said nothing: ${said}`);
  }, WAIT);
  return said.slice(0, said.indexOf("\n"));
}

async function end(kept: ChildProcess): Promise<void> {
  if (kept.exitCode !== null || kept.signalCode !== null) return;
  kept.kill("SIGTERM");
  await once(kept, "exit");
}

function runOpspec(checkout: string, args: readonly string[]): Promise<Said> {
  const script = join(checkout, "scripts", "bin", "opspec.mjs");
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}
