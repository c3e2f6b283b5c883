import { code, renderTable, renderValue, type Row } from "./markdown.ts";
import type { SpecKey } from "./spec-keys.ts";
import { KINDS, typeWords, unitOf } from "./type-words.ts";

const COLUMNS = ["type", "default", "unit", "what it says", "example"];

/** Number of examples shown per key; an editor's hover shows all of them. */
const EXAMPLES_MAX = 3;

/** How descriptions state a default. */
const DEFAULT = /\bDefault(?: [^:.]+)?: (.+?)\.(?: |$)/;

/** Every key of the spec: one table for the top level and one for each block. */
export function renderSpecPage(keys: readonly SpecKey[]): string {
  const tops = keys.filter(({ path }) => !path.includes("/"));
  const blocks = tops.flatMap((top) => {
    const below = keys.filter(({ path }) => path.startsWith(`${top.path}/`));
    if (below.length === 0) return [];
    return [`### ${code(top.path)}`, top.description ?? "", renderKeys(below)];
  });
  const kinds = KINDS.map(({ name, rule }) => [name, rule]);
  return [
    "### Kinds of text",
    renderTable(["type", "what it is"], kinds),
    "### At the top",
    renderKeys(tops),
    ...blocks,
  ].join("\n\n");
}

/** The default, as the description states it. */
export function defaultOf(description: string): string | undefined {
  return DEFAULT.exec(description)?.[1];
}

/** One row per path; the first column's heading is the block's word for a key. */
export function renderKeys(keys: readonly SpecKey[], called = "key"): string {
  const byPath = Map.groupBy(keys, ({ path }) => path);
  return renderTable([called, ...COLUMNS], [...byPath.values()].map(rowOf));
}

/** One row per path; a key of several forms is listed once. */
function rowOf(sames: readonly SpecKey[]): Row {
  const [first] = sames;
  if (!first) return [];
  const descriptions = sames.flatMap(({ description }) => description ?? []);
  const reference =
    first.sameAs === undefined ? [] : [`Its keys are those of ${code(first.sameAs)}.`];
  const examples = sames.flatMap((it) => it.examples).map(renderValue);
  return [
    code(first.path),
    typeWords(...sames.map(({ schema }) => schema)),
    distinct(sames.flatMap(presence)).join("; "),
    unitOf(first.path.split("/").at(-1) ?? "") ?? "",
    [...distinct(descriptions), ...reference].join(" "),
    distinct(examples).slice(0, EXAMPLES_MAX).join(", "),
  ];
}

function presence({ isRequired, form, description = "" }: SpecKey): string[] {
  if (isRequired) return [form === undefined ? "required" : `required in ${code(form)}`];
  return [defaultOf(description) ?? []].flat();
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
