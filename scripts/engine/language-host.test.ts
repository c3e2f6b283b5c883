import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";

const HOST_DIR = join(import.meta.dirname, "language-host");
const HOST = join(HOST_DIR, "pulumi-language-nodejs");
const PROJECT = join(import.meta.dirname, "..", "..");
const NODE_ON_PATH = `${dirname(process.execPath)}${delimiter}/usr/bin${delimiter}/bin`;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-host-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

test("it prints its port and nothing else", async () => {
  const host = startHost(NODE_ON_PATH);

  const [line] = await once(createInterface(host.stdout), "line");

  host.kill();
  expect(line).toMatch(/^\d+$/);
});

test("an official host on PATH is started instead, with the engine's address", async () => {
  writeOfficialHost("echo official $1");
  const host = startHost(`${HOST_DIR}${delimiter}${directory}${delimiter}${NODE_ON_PATH}`);

  const [line] = await once(createInterface(host.stdout), "line");

  expect(line).toBe("official 127.0.0.1:1");
});

test("PULUMI_IGNORE_AMBIENT_PLUGINS keeps it from looking on PATH", async () => {
  writeOfficialHost("echo official $1");
  const host = startHost(`${directory}${delimiter}${NODE_ON_PATH}`, {
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  });

  const [line] = await once(createInterface(host.stdout), "line");

  host.kill();
  expect(line).toMatch(/^\d+$/);
});

test("it ends when the engine that started it is killed", async () => {
  const program = `
    const host = require("node:child_process").spawn(${JSON.stringify(HOST)}, ["127.0.0.1:1"], { stdio: ["pipe", "pipe", "inherit"] });
    host.stdout.once("data", () => console.log(host.pid));
    setInterval(() => {}, 1000);`;
  const engine = spawn(process.execPath, ["-e", program], {
    cwd: PROJECT,
    env: { ...process.env, PATH: NODE_ON_PATH },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [pid] = await once(createInterface(engine.stdout), "line");

  engine.kill("SIGKILL");

  await expect.poll(() => isAlive(Number(pid)), { timeout: 10_000 }).toBe(false);
});

function startHost(path: string, env: NodeJS.ProcessEnv = {}) {
  return spawn(HOST, ["127.0.0.1:1"], {
    cwd: PROJECT,
    env: { ...process.env, PULUMI_IGNORE_AMBIENT_PLUGINS: "", PATH: path, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
}

function writeOfficialHost(script: string): void {
  writeFileSync(join(directory, "pulumi-language-nodejs"), `#!/bin/sh\n${script}\n`, {
    mode: 0o755,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
