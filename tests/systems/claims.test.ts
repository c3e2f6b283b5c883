import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadClaimLedgers, type TestLocation } from "../../scripts/reference/claim-ledger.ts";
import { CHECKOUT } from "../../scripts/workspace/paths.ts";
import { testTitles } from "./test-titles.ts";

const LEDGERS = loadClaimLedgers();

test("the five runbooks have their ledgers", () => {
  expect(LEDGERS.map(({ system }) => system)).toEqual([
    "c1c-recruitment",
    "chorizaurio",
    "joslyn-ai",
    "parlay-gorilla",
    "vega-cockpit",
  ]);
});

test.each(LEDGERS)("every test that a claim of $system names exists", ({ file, claims }) => {
  const tests = claims.filter(({ by }) => by === "test").flatMap(({ places }) => places);

  const missing = tests.filter((it) => !titlesOf(it.file).includes(it.text));

  expect(missing.map((it) => `${file}: there is no test "${it.text}" in ${it.file}.`)).toEqual([]);
});

test.each(LEDGERS)("every end-to-end test of $system is named by a claim", (ledger) => {
  const { file, endToEnd, claims } = ledger;
  const named = new Set(claims.flatMap(({ places }) => places.filter(isIn(endToEnd)).map(textOf)));

  const silent = titlesOf(endToEnd).filter((title) => !named.has(title));

  expect(silent.map((title) => `${file}: no claim names the test "${title}".`)).toEqual([]);
});

test.each(LEDGERS)("what else checks a claim of $system is in a file that exists", (ledger) => {
  const { file, endToEnd, claims } = ledger;
  const places = claims.filter(({ by }) => by === "other").flatMap((it) => it.places);

  const wrong = places.filter((it) => it.file === endToEnd || !existsSync(join(CHECKOUT, it.file)));

  expect(wrong.map((it) => `${file}: there is no file ${it.file} for "${it.text}".`)).toEqual([]);
});

test("titles are found wherever the formatter put them", () => {
  const source = [
    'test("a \\"b\\"", () => {});',
    'test.each([["x", 1]])("%s is one", () => {});',
    'test.each([\n  ["y"],\n])(\n  "%s is two",\n  () => {},\n);',
    'describe.each(STACKS)("%s", () => {',
    '  test(\n    "is inside", () => {});',
    "test(`is a template`, () => {});",
    'expect("not a title").toBe(it("nor this"));',
  ].join("\n");

  expect(testTitles(source).toSorted()).toEqual([
    "%s",
    "%s is one",
    "%s is two",
    'a "b"',
    "is a template",
    "is inside",
  ]);
});

function titlesOf(file: string): string[] {
  const path = join(CHECKOUT, file);
  return existsSync(path) ? testTitles(readFileSync(path, "utf8")) : [];
}

function isIn(file: string): (place: TestLocation) => boolean {
  return (place) => place.file === file;
}

function textOf({ text }: TestLocation): string {
  return text;
}
