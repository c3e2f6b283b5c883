import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { behindLinks, replaceFile, momentOf, stampOf, stampsOf, writeNew } from "./file.ts";

test("a new file never takes the place of another, and leaves nothing beside it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "new-file-"));
  writeFileSync(join(directory, "a"), "old");

  expect(await writeNew(join(directory, "a"), "new")).toBe(false);
  expect(await writeNew(join(directory, "b"), "new")).toBe(true);

  expect(readdirSync(directory).toSorted()).toEqual(["a", "b"]);
  expect(readFileSync(join(directory, "a"), "utf8")).toBe("old");
});

test("of many who write the same name one succeeds", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "new-file-")), "a");

  const outcomes = await Promise.all(Array.from({ length: 10 }, (_, n) => writeNew(path, `${n}`)));

  expect(outcomes.filter(Boolean)).toHaveLength(1);
  expect(readFileSync(path, "utf8")).toBe(String(outcomes.indexOf(true)));
});

test("a stamp is a moment in UTC, and what is no moment is no stamp", () => {
  const moment = new Date("2026-01-06T22:00:00.999Z");

  expect(stampOf(moment)).toBe("20260106_220000");
  expect(momentOf("20260106_220000")).toEqual(new Date("2026-01-06T22:00:00Z"));
  expect(stampsOf(moment).slice(0, 3)).toEqual([
    "20260106_220000",
    "20260106_220000_1",
    "20260106_220000_2",
  ]);
  for (const wrong of ["20260231_000000", "20260106_240000", "20260106220000", ""]) {
    expect(momentOf(wrong), wrong).toBeUndefined();
  }
});

test("what is behind a link is found, also when it is not there yet or the link's directory is a link", async () => {
  const directory = scratch();
  mkdirSync(join(directory, "disk/app"), { recursive: true });
  writeFileSync(join(directory, "disk/there.db"), "");
  symlinkSync("disk/app", join(directory, "app"));
  symlinkSync("../there.db", join(directory, "disk/app/there.db"));
  symlinkSync("../gone.db", join(directory, "disk/app/gone.db"));
  symlinkSync("gone.db", join(directory, "disk/app/second.db"));

  expect(await behindLinks(join(directory, "app/there.db"))).toBe(join(directory, "disk/there.db"));
  for (const name of ["gone.db", "second.db"]) {
    expect(await behindLinks(join(directory, "app", name))).toBe(join(directory, "disk/gone.db"));
  }
  expect(await behindLinks(join(directory, "app/new.db"))).toBe(join(directory, "disk/app/new.db"));
  expect(await behindLinks(join(directory, "no/new.db"))).toBe(join(directory, "no/new.db"));
});

test("links that lead in a circle are refused", async () => {
  const directory = scratch();
  symlinkSync("b", join(directory, "a"));
  symlinkSync("a", join(directory, "b"));

  await expect(behindLinks(join(directory, "a"))).rejects.toThrow("ELOOP");
});

test("a state is replaced in one step, behind a link too, and nothing lies beside it", async () => {
  const directory = scratch();
  const logs = join(directory, "logs");
  mkdirSync(logs);
  writeFileSync(join(directory, "elsewhere.json"), "2");
  symlinkSync("../elsewhere.json", join(logs, "state.json"));

  await replaceFile(join(logs, "state.json"), "3\n");

  expect(readFileSync(join(directory, "elsewhere.json"), "utf8")).toBe("3\n");
  expect(readdirSync(logs)).toEqual(["state.json"]);
});

function scratch(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "links-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
