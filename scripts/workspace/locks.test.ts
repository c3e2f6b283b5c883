import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clearDeadLocks } from "./locks.ts";

let backend: string;
let lines: string[];

beforeEach(() => {
  backend = mkdtempSync(join(tmpdir(), "opspec-locks-"));
  lines = [];
});

afterEach(() => rmSync(backend, { recursive: true, force: true }));

function writeLock(owner: { pid: number; hostname: string }): string {
  const directory = join(backend, ".pulumi", "locks", "organization", "opspec", "shop");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "lock.json");
  writeFileSync(
    path,
    JSON.stringify({ username: "ana", timestamp: "2026-01-01T00:00:00Z", ...owner }),
  );
  return path;
}

const clear = (): void => clearDeadLocks(`file://${backend}`, "shop", (line) => lines.push(line));

/** The id of a process that has exited. */
const deadPid = (): number => spawnSync("true").pid;

test("a lock of a dead process of this host is cleared, and a line says whose it was", () => {
  const pid = deadPid();
  const lock = writeLock({ pid, hostname: hostname() });

  clear();

  expect(existsSync(lock)).toBe(false);
  expect(lines).toEqual([
    `Removed a lock on shop, left by ana@${hostname()} (process ${pid}, since 2026-01-01T00:00:00Z), which no longer runs.`,
  ]);
});

test("a lock of a living process is kept, and its owner is shown", () => {
  const lock = writeLock({ pid: process.pid, hostname: hostname() });

  expect(clear).toThrow(/^another operation of shop has been running since .* \(process \d+\)\./);
  expect(existsSync(lock)).toBe(true);
});

test("a lock of another host is kept, because nobody here can tell whether its owner lives", () => {
  writeLock({ pid: deadPid(), hostname: "elsewhere" });

  expect(clear).toThrow("if it no longer runs, remove its lock with: rm ");
});

test("a backend without lock files is left alone", () => {
  clearDeadLocks("https://app.pulumi.com", "shop", (line) => lines.push(line));
  clear();
  expect(lines).toEqual([]);
});

test("attributes that a killed engine left empty go, so that their state can be read again", () => {
  writeLock({ pid: deadPid(), hostname: hostname() });
  const stacks = join(backend, ".pulumi", "stacks", "opspec");
  mkdirSync(stacks, { recursive: true });
  const torn = join(stacks, "shop.json.attrs");
  const whole = join(stacks, "shop.json.bak.attrs");
  const state = join(stacks, "shop.json");
  writeFileSync(torn, "");
  writeFileSync(whole, JSON.stringify({ "user.content_type": "application/json" }));
  writeFileSync(state, "{}");

  clear();

  expect([torn, whole, state].map((it) => existsSync(it))).toEqual([false, true, true]);
});

test("a damaged state is refused with the way to its previous version", () => {
  const states = join(backend, ".pulumi", "stacks", "opspec");
  mkdirSync(states, { recursive: true });
  writeFileSync(join(states, "shop.json"), '{"version": 3, "checkpoi');

  expect(clear).toThrow("Restore it from a backup of the backend");
  writeFileSync(join(states, "shop.json.bak"), "{}");

  expect(clear).toThrow(
    `shop: its state in ${states}/shop.json is damaged and cannot be read. Restore the previous version with: cp ${states}/shop.json.bak ${states}/shop.json.`,
  );
});
