import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { locateEngine } from "../scripts/engine/find.ts";
import { localPassphrase } from "../scripts/workspace/local-passphrase.ts";
import { apartEnvironment, writePluginProject } from "../scripts/workspace/plugin-project.ts";

let root: string;
let directory: string;
let engine: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "opspec-passphrase-"));
  directory = join(root, ".opspec", "local");
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  writePluginProject(directory);
  engine = (await locateEngine({ log: () => undefined })).path;
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function pulumi(passphrase: string, ...args: string[]): Promise<string> {
  const env = {
    ...process.env,
    ...apartEnvironment(directory, passphrase),
    PULUMI_HOME: join(directory, "home"),
  };
  const { stdout } = await promisify(execFile)(engine, [...args, "--non-interactive"], {
    cwd: directory,
    env,
  });
  return stdout.trim();
}

/** Permissions of a file or directory. */
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test("a state that an earlier version encrypted is encrypted again, with a random passphrase", async () => {
  for (const stack of ["tienda", "other"]) {
    await pulumi("local", "stack", "init", stack);
    await pulumi("local", "config", "set", "--secret", "token", `of-${stack}`, "--stack", stack);
  }

  const passphrase = await localPassphrase(directory, engine);

  expect(passphrase).toMatch(/^[\w-]{44}$/);
  for (const stack of ["tienda", "other"]) {
    expect(await pulumi(passphrase, "config", "get", "token", "--stack", stack)).toBe(
      `of-${stack}`,
    );
    await expect(pulumi("local", "config", "get", "token", "--stack", stack)).rejects.toThrow(
      "incorrect passphrase",
    );
  }
});

test("only its owner may read the directory and the passphrase, and it stays the same", async () => {
  const passphrase = await localPassphrase(directory, engine);

  expect([join(root, ".opspec"), directory].map(modeOf)).toEqual([0o700, 0o700]);
  expect(modeOf(join(directory, "passphrase"))).toBe(0o600);
  expect(readFileSync(join(directory, "passphrase"), "utf8")).toBe(passphrase);
});

test("no copy of a state from before is left", () => {
  const files = readdirSync(join(directory, "state"), { recursive: true, encoding: "utf8" });

  expect(files.filter((it) => it.includes(".bak"))).toEqual([]);
});
