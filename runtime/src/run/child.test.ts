import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { collectLog } from "../../testing/log-lines.ts";
import { hideSecrets } from "../redaction.ts";
import { type Child, startChild } from "./child.ts";

const LIMIT_MS = 15_000;

function start(
  command: string,
  options: { graceMs?: number; signal?: AbortSignal } = {},
): { child: Child; lines: readonly Readonly<Record<string, unknown>>[] } {
  const { log, lines } = collectLog();
  const child = startChild({
    command,
    cwd: "/",
    env: { PATH: process.env["PATH"] },
    log,
    graceMs: 5_000,
    ...options,
  });
  return { child, lines };
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error("it did not come true in time");
    await sleep(20);
  }
}

test("each line of a child is a line of the log, and its end tells code and last words", async () => {
  const { child, lines } = start("echo one; echo two >&2; printf three; exit 3");

  const end = await child.ended;

  expect(end).toMatchObject({ exitCode: 3, signal: null });
  expect(end.tail.split("\n").toSorted()).toEqual(["one", "three", "two"]);
  expect(lines).toContainEqual(expect.objectContaining({ stream: "stdout", msg: "one" }));
  expect(lines).toContainEqual(expect.objectContaining({ stream: "stderr", msg: "two" }));
});

test("only the last part of a long output is kept", async () => {
  const { child, lines } = start("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done");

  const { tail } = await child.ended;

  expect(tail.length).toBeLessThanOrEqual(4_000);
  expect(tail.endsWith("line 1999")).toBe(true);
  expect(lines).toHaveLength(2000);
});

test("a command that is not there is a 127", async () => {
  const { log } = collectLog();
  const options = { cwd: "/", env: {}, log, graceMs: 1_000 };

  const end = await startChild({ ...options, argv: ["/nowhere/program"] }).ended;

  expect(end).toMatchObject({ exitCode: 127, tail: "cannot be started (ENOENT)" });
});

test("stop ends the whole group with SIGTERM, also what a shell started in the background", async () => {
  const { child, lines } = start("sleep 300 & echo $!; sleep 300");
  await until(() => lines.length > 0);
  const grandchild = Number(lines[0]?.["msg"]);

  const end = await child.stop();

  expect(end).toMatchObject({ exitCode: null, signal: "SIGTERM" });
  await until(() => !isAlive(grandchild));
});

test("what ignores SIGTERM gets SIGKILL after the grace", async () => {
  const controller = new AbortController();
  const { child, lines } = start("trap '' TERM; echo ready; while :; do sleep 1; done", {
    graceMs: 300,
    signal: controller.signal,
  });
  await until(() => lines.length > 0);

  controller.abort();

  expect(await child.ended).toMatchObject({ signal: "SIGKILL" });
});

test("a stopped child ends, too", async () => {
  const { child, lines } = start("echo ready; sleep 300");
  await until(() => lines.length > 0);
  child.signal("SIGSTOP");

  expect(await child.stop()).toMatchObject({ signal: "SIGTERM" });
});

test("what a child leaves in its group ends with it", async () => {
  const { child, lines } = start("sleep 300 >/dev/null 2>&1 & echo $!");

  await child.ended;

  const left = Number(lines[0]?.["msg"]);
  await until(() => !isAlive(left));
});

/** A zombie that nobody reaps does nothing any more. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test.each([
  [
    "a token across the place where a long line is split",
    `printf 'a%.0s' $(seq 8186); printf TOKEN; printf 'b%.0s' $(seq 20000); echo`,
  ],
  ["a token at the place where the tail begins", "printf TOKEN; printf 'c%.0s' $(seq 3985); echo"],
  [
    "a token in a line without an end",
    "printf 'a%.0s' $(seq 8186); printf TOK; sleep 0.2; printf EN; sleep 0.2",
  ],
])("%s is hidden in the log and in the tail", async (_, command) => {
  const token = "hidden-before-it-is-cut-4711";
  hideSecrets([token]);
  const half = token.length / 2;
  const script = command
    .replace("TOKEN", token)
    .replace("TOK", token.slice(0, half))
    .replace("EN;", `${token.slice(half)};`);

  const { child, lines } = start(script);
  const { tail } = await child.ended;

  const said = lines.map(({ msg }) => String(msg)).join("");
  for (const text of [said, tail]) {
    expect(text).not.toContain("hidden");
    expect(text).not.toContain("4711");
  }
  expect(said).toContain("[redacted]");
});
