import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ManifestToggle } from "../contract/source.ts";
import { startHttpServer, type TestAnswer } from "../../testing/http-server.ts";
import { collectLog } from "../../testing/log-lines.ts";
import { openToggles, type Toggles } from "./toggles.ts";
import { type ToggleAnswer, type ToggleOptions } from "./toggles.ts";

test("every accessor gives the same answer: before a read, after it, after a reload, and away", async () => {
  let answer: TestAnswer = { body: [{ key: "loader", value: "FALSE" }] };
  const server = await startHttpServer(() => answer);
  for (const whenUnreachable of ["on", "off"] as const) {
    answer = { body: [{ key: "loader", value: "FALSE" }] };
    const { given, clock } = setting();
    const reader = { kind: "table", source: { kind: "http", url: server.url } } as const;
    const toggles = openToggles(
      [{ name: "t", reader: { ...reader, key: "loader" }, whenUnreachable }],
      given,
    );
    const declared = whenUnreachable === "on";

    expect(toggles.all()[0]).toMatchObject({ on: declared, readAt: null });
    expect(toggles.peek("t")).toEqual(pick(toggles.all()[0]));

    await toggles.isOn("t");
    expect(await agreed(toggles)).toBe(false);

    answer = { body: [{ key: "LOADER", value: "yes" }] };
    await toggles.reload();
    expect(await agreed(toggles)).toBe(true);

    answer = { status: 500 };
    clock.now += 31_000;
    await toggles.isOn("t");
    expect(await agreed(toggles)).toBe(declared);

    answer = { body: [{ key: "other", value: "yes" }] };
    await toggles.reload();
    expect(await agreed(toggles)).toBe(false);
    await toggles.close();
  }
});

test("an answer is believed for its time, and one that is away is soon asked again", async () => {
  let answer: TestAnswer = { body: [{ key: "a", value: "on" }] };
  const server = await startHttpServer(() => answer);
  const { given, clock } = setting();
  const source = { kind: "http", url: server.url } as const;
  const toggles = openToggles([{ name: "a", reader: { kind: "table", source, key: "a" } }], given);

  await toggles.isOn("a");
  clock.now += 29_999;
  await toggles.isOn("a");
  expect(server.seen).toHaveLength(1);

  answer = { status: 503 };
  clock.now += 1;
  expect((await toggles.isOn("a")).on).toBe(false);
  expect(server.seen).toHaveLength(2);

  answer = { body: [{ key: "a", value: "on" }] };
  clock.now += 5_000;
  expect((await toggles.isOn("a")).on).toBe(true);
});

test("peek never waits: it gives the last answer and reads in the background", async () => {
  let answer: TestAnswer = { body: [{ key: "a", value: "on" }] };
  const server = await startHttpServer(() => answer);
  const { given, clock } = setting();
  const source = { kind: "http", url: server.url } as const;
  const toggles = openToggles([{ name: "a", reader: { kind: "table", source, key: "a" } }], given);
  await toggles.isOn("a");

  answer = { body: [{ key: "a", value: "off" }] };
  clock.now += 60_000;

  expect(toggles.peek("a").on).toBe(true);
  await expect.poll(() => toggles.peek("a").on).toBe(false);
});

test("there is one warning a key, one word when it is over, and a new warning after that", async () => {
  const { given, lines } = setting();
  const file = join(given.directory, "t.json");
  const toggles = openToggles([tableToggle("a"), tableToggle("b")], given);

  await toggles.reload();
  await toggles.reload();
  expect(lines.map(({ level, toggle }) => [level, toggle])).toEqual([
    ["warn", "a"],
    ["warn", "b"],
  ]);

  writeFileSync(file, twoRows("perhaps"));
  await toggles.reload();
  expect(lines.slice(2).map(({ level, toggle }) => [level, toggle])).toEqual([["info", "b"]]);

  writeFileSync(file, twoRows("on"));
  await toggles.reload();
  await toggles.reload();
  expect(lines.slice(3).map(({ level, toggle }) => [level, toggle])).toEqual([["info", "a"]]);

  writeFileSync(file, twoRows("perhaps"));
  await toggles.reload();
  await toggles.reload();
  expect(lines.slice(4)).toEqual([
    expect.objectContaining({ level: "warn", toggle: "a", on: false }),
  ]);
});

test("that nothing is set is worth a warning only when nobody declared what it means", async () => {
  const { given, lines } = setting();
  const reader = { kind: "env", name: "NOT_SET" } as const;
  const toggles = openToggles(
    [
      { name: "declared", reader, whenMissing: "on" },
      { name: "undeclared", reader },
    ],
    given,
  );

  expect((await toggles.isOn("declared")).on).toBe(true);
  expect((await toggles.isOn("undeclared")).on).toBe(false);
  expect(lines.map(({ toggle }) => toggle)).toEqual(["undeclared"]);
});

test("many toggles of one sheet are one request", async () => {
  const server = await startHttpServer(() => ({
    body: [
      { key: "a", value: "on" },
      { key: "b", value: "off" },
    ],
  }));
  const { given } = setting();
  const source = { kind: "http", url: server.url } as const;
  const toggles = openToggles(
    ["a", "b"].map((name) => ({ name, reader: { kind: "table", source, key: name } as const })),
    given,
  );

  expect((await toggles.isOn("a")).on).toBe(true);
  expect((await toggles.isOn("b")).on).toBe(false);
  expect(server.seen).toHaveLength(1);
});

test("a toggle that nobody declared is off through every accessor", async () => {
  const toggles = openToggles(undefined, setting().given);

  const off = { on: false, reason: 'there is no toggle "x" in the manifest' };
  expect([await toggles.isOn("x"), toggles.peek("x"), toggles.all()]).toEqual([off, off, []]);
});

test("closing ends a read that hangs", async () => {
  const server = await startHttpServer(() => "hang");
  const { given, lines } = setting();
  const source = { kind: "http", url: server.url } as const;
  const toggles = openToggles([{ name: "a", reader: { kind: "table", source, key: "a" } }], given);

  const asked = toggles.isOn("a");
  await toggles.close();

  expect((await asked).on).toBe(false);
  expect(lines).toEqual([]);
});

/** A directory, a clock that stands still, and the lines that were logged. */
function setting(env: Record<string, string> = {}) {
  const { log, lines } = collectLog();
  const clock = { now: 1_000_000 };
  const directory = mkdtempSync(join(tmpdir(), "toggles-"));
  const given: ToggleOptions = { env, directory, log, clock: { now: () => new Date(clock.now) } };
  return { given, lines, clock };
}

function tableToggle(key: string): ManifestToggle {
  return { name: key, reader: { kind: "table", source: { kind: "file", path: "t.json" }, key } };
}

function twoRows(a: string): string {
  return JSON.stringify([
    { key: "a", value: a },
    { key: "b", value: "on" },
  ]);
}

/** What isOn, peek and all agree upon. */
async function agreed(toggles: Toggles): Promise<boolean> {
  const answers = [await toggles.isOn("t"), toggles.peek("t"), pick(toggles.all()[0])];
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  return answers[0]?.on === true;
}

function pick(answer: ToggleAnswer | undefined): ToggleAnswer | undefined {
  return answer && { on: answer.on, reason: answer.reason };
}
