import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

import { withLock } from "./lock.mjs";

const MODULE = pathToFileURL(join(import.meta.dirname, "lock.mjs")).href;

let directory: string;
let lock: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-lock-"));
  lock = join(directory, "it.lock");
});

afterEach(() => rmSync(directory, { recursive: true }));

test("processes that want the lock at the same time have it one after the other", async () => {
  const journal = join(directory, "journal");
  const program = `
    import { appendFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { withLock } from ${JSON.stringify(MODULE)};
    const write = (text) => appendFileSync(${JSON.stringify(journal)}, text + process.pid + "\\n");
    await withLock(${JSON.stringify(lock)}, async () => { write("in "); await sleep(20); write("out "); }, { onWait() {} });
  `;

  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "inherit" }),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));

  const lines = readFileSync(journal, "utf8").trim().split("\n");
  expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
  expect(lines).toHaveLength(12);
  for (let at = 0; at < lines.length; at += 2) {
    expect(lines[at + 1]).toBe(lines[at]?.replace("in", "out"));
  }
  expect(existsSync(lock)).toBe(false);
});

test("a lock whose owner died is cleared at once", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  leaveLock({ pid: child.pid ?? 0, host: hostname() });

  const startMs = performance.now();
  await withLock(lock, async () => {}, { onWait() {} });

  expect(performance.now() - startMs).toBeLessThan(5_000);
});

test("a lock of another host is cleared when its heartbeat stops", async () => {
  leaveLock({ pid: process.pid, host: "elsewhere.example" });
  const owners: string[] = [];

  await withLock(lock, async () => {}, { onWait: ({ host }) => owners.push(host), silenceMs: 500 });

  expect(owners).toEqual(["elsewhere.example"]);
});

test("the lock is given back when the work fails", async () => {
  const failing = withLock(lock, () => Promise.reject(new Error("no")), { onWait() {} });

  await expect(failing).rejects.toThrow("no");
  expect(existsSync(lock)).toBe(false);
});

function leaveLock(owner: { pid: number; host: string }): void {
  mkdirSync(lock);
  writeFileSync(join(lock, "owner.json"), JSON.stringify({ token: "left", ...owner }));
}
