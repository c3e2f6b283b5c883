import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { collectLog } from "../../testing/log-lines.ts";
import { endLeftovers } from "./guard.ts";

const LIMIT_MS = 30_000;

/** A runtime in small: it starts one child with `startChild` and prints the child's pid. */
const RUNTIME = `
import { pino } from ${JSON.stringify(createRequire(import.meta.url).resolve("pino"))};
import { startChild } from ${JSON.stringify(new URL("child.ts", import.meta.url).href)};
const [command] = process.argv.slice(2);
const child = startChild({ command, cwd: process.cwd(), env: process.env, log: pino({ enabled: false }), graceMs: 1000 });
console.log(child.pid);
setInterval(() => undefined, 1000);
`;

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await sleep(20);
  }
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "opspec-guard-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function isWritten(path: string): boolean {
  return existsSync(path) && readFileSync(path, "utf8").trim() !== "";
}

/** Starts a runtime whose child runs the command; resolves when `files` have the pids of processes. */
async function startRuntime(command: string, files: readonly string[], killsGuard = false) {
  const directory = scratch();
  const script = join(directory, "runtime.mjs");
  writeFileSync(script, RUNTIME);
  const runtime = spawn(process.execPath, [script, command], {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void runtime.kill("SIGKILL"));
  const child = Number(
    await new Promise((resolve) => runtime.stdout.once("data", (text) => resolve(String(text)))),
  );
  const paths = files.map((it) => join(directory, it));
  await until(() => paths.every(isWritten), `${files.join(", ")} written`);
  const pids = [child, ...paths.map((it) => Number(readFileSync(it, "utf8")))];
  if (killsGuard) killGuardOf(runtime.pid ?? 0);
  return { runtime, pids, directory };
}

/** Ends the guard of a runtime, so that only the next start can find what it left. */
function killGuardOf(runtime: number): void {
  const children = readFileSync(`/proc/${runtime}/task/${runtime}/children`, "utf8").split(" ");
  const guard = children.find((pid) => {
    const path = `/proc/${pid}/cmdline`;
    return pid !== "" && existsSync(path) && readFileSync(path, "utf8").includes("opspec-guard");
  });
  process.kill(Number(guard), "SIGKILL");
}

const CASES = [
  ["a child", "sleep 300", []],
  ["a grandchild", "(echo $(exec sh -c 'echo $PPID') > g; exec sleep 300) & wait", ["g"]],
  ["a child that calls setsid", "setsid sh -c 'echo $$ > s; exec sleep 300' & wait", ["s"]],
  ["a child that ignores SIGTERM", "trap '' TERM; echo $$ > t; while :; do sleep 0.1; done", ["t"]],
] as const;

test.runIf(process.platform === "linux").each(CASES)(
  "%s ends when its runtime is killed",
  async (_, command, files) => {
    const { runtime, pids } = await startRuntime(command, files);
    expect(pids.filter(isAlive)).toEqual(pids);

    runtime.kill("SIGKILL");

    await until(() => !pids.some(isAlive), "all of them ended");
  },
);

test.runIf(process.platform === "linux")(
  "a start ends what a killed runtime left, and nothing of a living one",
  async () => {
    const command = "setsid sh -c 'echo $$ > s; exec sleep 300' & wait";
    const dead = await startRuntime(command, ["s"], true);
    const living = await startRuntime(command, ["s"]);
    dead.runtime.kill("SIGKILL");
    await until(() => !isAlive(dead.runtime.pid ?? 0), "the runtime ended");
    expect(dead.pids.filter(isAlive)).toEqual(dead.pids);
    const { log, lines } = collectLog();

    await endLeftovers(log);

    expect(dead.pids.filter(isAlive)).toEqual([]);
    expect(living.pids.filter(isAlive)).toEqual(living.pids);
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: "ending processes that a killed runtime left behind" }),
    );
  },
);

test.runIf(process.platform === "linux")(
  "a guard keeps no runtime alive, and ends with it",
  async () => {
    const directory = scratch();
    const program = RUNTIME.replace("setInterval(() => undefined, 1000);", "await child.ended;");
    const script = join(directory, "runtime.mjs");
    writeFileSync(script, program);

    const runtime = spawn(process.execPath, [script, "true"], { cwd: directory, stdio: "ignore" });
    const code = await new Promise((resolve) => runtime.once("exit", resolve));

    expect(code).toBe(0);
  },
);
