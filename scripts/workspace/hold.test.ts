import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { busyMessage, holdStack } from "./hold.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-hold-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const hold = (stack = "tienda", backendUrl = "file:///states"): (() => void) =>
  holdStack({ directory, backendUrl, stack, command: "up" });

test("a second command is refused in one line, with the process and its start", () => {
  hold();

  expect(() => hold()).toThrow(
    new RegExp(
      `^another up of tienda has been running since \\d\\d:\\d\\d \\(process ${process.pid}\\)\\. Wait for it, or end it with: kill ${process.pid}\\.$`,
    ),
  );
});

test("another stack and another backend are not held, and an ended command holds nothing", () => {
  const release = hold();

  hold("other")();
  hold("tienda", "file:///elsewhere")();
  release();
  hold()();

  expect(readdirSync(directory)).toEqual([]);
});

test("what a killed command held is taken over", () => {
  hold()();
  hold();
  const [file = ""] = readdirSync(directory);
  const dead = { command: "up", pid: spawnSync("true").pid, startedAt: new Date().toISOString() };
  writeFileSync(join(directory, file), JSON.stringify(dead));

  hold()();

  expect(readdirSync(directory)).toEqual([]);
});

test("a start on another day is told with its date", () => {
  const startedAt = "2026-01-02T12:00:00Z";

  expect(busyMessage("tienda", { command: "up", pid: 7, startedAt })).toMatch(
    /^another up of tienda has been running since Fri Jan 02 2026 \d\d:\d\d \(process 7\)\./,
  );
});
