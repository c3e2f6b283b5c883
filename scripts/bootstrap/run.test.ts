import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { isNewEnough, projectNode } from "./node.mjs";

/** Makes the current Node report an older version. */
const OLD_NODE = `--import=data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.19.0'}})`;

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "opspec-run-"));
  cpSync(import.meta.dirname, join(project, "scripts", "bootstrap"), { recursive: true });
  write("package.json", `{ "name": "p", "version": "1.0.0", "type": "module" }`);
  writeLock("one");
  write("hello.ts", `const text: string = "hello"; console.log(text, ...process.argv.slice(2));`);
});

afterEach(() => rmSync(project, { recursive: true }));

test("the first start installs with npm, the next one starts at once", async () => {
  const first = await run(["hello.ts", "a b", "--c"]);
  const second = await run(["hello.ts"], { PATH: withNpm("exit 9") });

  expect(first).toMatchObject({ code: 0, stdout: "hello a b --c\n" });
  expect(first.stderr).toContain("Installing the npm packages (first start).");
  expect(second).toEqual({ code: 0, stdout: "hello\n", stderr: "" });
});

test("a changed lock file installs again, an unchanged one does not", async () => {
  const npm = { PATH: withNpm("mkdir -p node_modules; echo run >> npm-runs") };

  await run(["hello.ts"], npm);
  await run(["hello.ts"], npm);
  writeLock("two");
  const changed = await run(["hello.ts"], npm);

  expect(npmRuns()).toBe(2);
  expect(changed.stderr).toContain("package-lock.json has changed");
});

test("two first starts at the same time install once", async () => {
  const npm = { PATH: withNpm("sleep 1; mkdir -p node_modules; echo run >> npm-runs") };

  const both = await Promise.all([run(["hello.ts"], npm), run(["hello.ts"], npm)]);

  expect(both.map(({ code, stdout }) => [code, stdout])).toEqual([
    [0, "hello\n"],
    [0, "hello\n"],
  ]);
  expect(npmRuns()).toBe(1);
  expect(both.map(({ stderr }) => stderr).join("")).toMatch(/Another process \(\d+\)/);
});

test("an install that fails shows npm's last lines, starts nothing and is tried again", async () => {
  const failed = await run(["hello.ts"], { PATH: withNpm("echo E404 no such thing >&2; exit 1") });
  const again = await run(["hello.ts"], { PATH: withNpm("mkdir -p node_modules") });

  expect(failed).toMatchObject({ code: 2, stdout: "" });
  expect(failed.stderr).toContain("npm ci failed (exit code 1)");
  expect(failed.stderr).toContain("E404 no such thing");
  expect(again).toMatchObject({ code: 0, stdout: "hello\n" });
});

test("the script gets the project's tools first on PATH, and its exit code is passed on", async () => {
  await install();
  write("path.ts", `console.log(process.env["PATH"]); process.exitCode = 7;`);

  const { code, stdout } = await run(["path.ts"]);

  expect(code).toBe(7);
  expect(stdout.split(delimiter).slice(0, 2)).toEqual([
    dirname(process.execPath),
    join(project, "node_modules", ".bin"),
  ]);
});

test("SIGTERM reaches the script, which may end in its own way", async () => {
  await install();
  write(
    "wait.ts",
    `process.on("SIGTERM", () => { console.log("bye"); process.exit(5); });
     setInterval(() => {}, 1000); console.log("up");`,
  );
  const child = start(["wait.ts"]);
  await once(child.stdout, "data");

  child.kill("SIGTERM");

  const [[said], [code]] = await Promise.all([once(child.stdout, "data"), once(child, "exit")]);
  expect([String(said), code]).toEqual(["bye\n", 5]);
});

test("an older Node hands over to the project's own", async (context) => {
  const own = projectNode();
  if (!own) return context.skip("this platform has no Node package");
  await install();
  const packageDir = dirname(dirname(own));
  symlinkSync(packageDir, join(project, "node_modules", packageDir.split("/").at(-1) ?? ""));

  const { code, stdout } = await run(["hello.ts"], { NODE_OPTIONS: OLD_NODE });

  expect([code, stdout]).toEqual([0, "hello\n"]);
});

test("an older Node without the project's own says what is needed", async () => {
  await install();

  const { code, stdout, stderr } = await run(["hello.ts"], { NODE_OPTIONS: OLD_NODE });

  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatchInlineSnapshot(`
    "opspec: Node 22.18 or newer is needed to run TypeScript, got 20.19.0. Run npm ci in the checkout (it installs the project's Node), or install a newer Node.
    "
  `);
});

test.each([
  ["20.20.2", false],
  ["22.17.1", false],
  ["22.18.0", true],
  ["24.0.0", true],
])("Node %s runs TypeScript as it is: %s", (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = start(args, env);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

function start(args: readonly string[], env = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [join(project, "scripts", "bootstrap", "run.mjs"), ...args], {
    cwd: project,
    env: { ...process.env, ...env },
  });
}

function write(name: string, text: string): void {
  writeFileSync(join(project, name), text);
}

function writeLock(name: string): void {
  const root = { name, version: "1.0.0" };
  write("package.json", `{ "name": "${name}", "version": "1.0.0", "type": "module" }`);
  write(
    "package-lock.json",
    JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages: { "": root } }),
  );
}

/** Leaves the project as after an install, without npm's own mark of one. */
async function install(): Promise<void> {
  await run(["hello.ts"], { PATH: withNpm("mkdir -p node_modules") });
}

/** A PATH on which `npm` is this shell script. */
function withNpm(script: string): string {
  const bin = join(project, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "npm"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "npm"), 0o755);
  return `${bin}${delimiter}${process.env["PATH"]}`;
}

function npmRuns(): number {
  const file = join(project, "npm-runs");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
}
