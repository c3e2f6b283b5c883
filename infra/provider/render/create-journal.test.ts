import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createJournalOnDisk, LOST_CREATES } from "./create-journal.ts";
import { RENDER_TYPES } from "./resource-types.ts";

const HOUR_MS = 60 * 60_000;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-attempts-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

test("a create that was begun is known to the next process, at the same cloud only", () => {
  const at = new Date();
  createJournalOnDisk(directory, "https://a").begin("urn:1", at);

  expect(createJournalOnDisk(directory, "https://a").begunAt("urn:1")).toEqual(at);
  expect(createJournalOnDisk(directory, "https://b").begunAt("urn:1")).toBeUndefined();
  expect(createJournalOnDisk(directory, "https://a").begunAt("urn:2")).toBeUndefined();
});

test("what was deleted was not begun", () => {
  const attempts = createJournalOnDisk(directory, "https://a");
  attempts.begin("urn:1", new Date());
  attempts.end("urn:1");
  attempts.end("urn:never");

  expect(attempts.begunAt("urn:1")).toBeUndefined();
});

test("after a day an attempt proves nothing, and its file goes with the next one", () => {
  const attempts = createJournalOnDisk(directory, "https://a");
  const longAgo = new Date(Date.now() - 25 * HOUR_MS);
  attempts.begin("urn:1", longAgo);
  const [file = ""] = readdirSync(directory);
  utimesSync(join(directory, file), longAgo, longAgo);

  expect(attempts.begunAt("urn:1")).toBeUndefined();
  attempts.begin("urn:2", new Date());
  expect(readdirSync(directory)).toHaveLength(1);
});

test("a file that says no time proves nothing", () => {
  const attempts = createJournalOnDisk(directory, "https://a");
  attempts.begin("urn:1", new Date());
  const [file = ""] = readdirSync(directory);
  writeFileSync(join(directory, file), "");

  expect(attempts.begunAt("urn:1")).toBeUndefined();
});

test("where nothing can be written, nothing is known, and nothing fails", () => {
  const file = join(directory, "a-file");
  writeFileSync(file, "");
  const attempts = createJournalOnDisk(join(file, "creates"), "https://a");

  attempts.begin("urn:1", new Date());

  expect(attempts.begunAt("urn:1")).toBeUndefined();
});

test("every resource type has one proof of a create whose answer was lost", () => {
  const names = RENDER_TYPES.map(({ contract }) => contract.token.split(":").at(-1));

  expect(LOST_CREATES.flatMap(({ types }) => types).toSorted()).toEqual(names.toSorted());
});
