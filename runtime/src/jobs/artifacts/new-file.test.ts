import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeNew } from "./new-file.ts";
import { momentOf, stampOf, stampsOf } from "./stamp.ts";

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
