import { parse } from "yaml";
import type { CatalogJob } from "@opspec/runtime/catalog";
import { code, renderTable } from "./markdown.ts";
import { listSpecKeys, type SpecKey } from "./spec-keys.ts";
import { renderKeys } from "./spec-page.ts";

/** A catalog job with the text of its page. */
export interface DescribedJob {
  readonly job: CatalogJob;
  /** Text of the job's page.md. Undefined if it has none; then only the catalog's data is shown. */
  readonly page: string | undefined;
}

/** The sections of a page.md, in their order. A job without options of its own has no second one. */
export const SECTIONS = [
  "What it does",
  "Options",
  "What it writes",
  "How it ends",
  "Dry run",
  "Example",
] as const;

/** Every job of the catalog, with a link to its page. */
export function renderJobList(jobs: Readonly<Record<string, DescribedJob>>): string {
  const rows = Object.entries(jobs).map(([name, { job, page }]) => [
    `[${code(name)}](jobs/${name}.md)`,
    job.description,
    /^In the runbooks: (.*)\.$/m.exec(page ?? "")?.[1] ?? "",
  ]);
  return renderTable(["job", "what it does", "in the runbooks"], rows);
}

/** The page of one job: its page.md, with the types of the options and inputs of the catalog. */
export function renderJobPage(name: string, { job, page = "" }: DescribedJob): string {
  const { description, options, input, needsDisk } = job;
  const disk = needsDisk ? " It needs a disk, so it runs in the service that owns one." : "";
  const [before = "", after = ""] = page.split(/^(?=## What it writes$)/m);
  const parts = [
    "<!-- Generated from the code by npm run generate. Changes made here are lost. -->",
    `# ${code(name)}`,
    `${description}${disk}`,
    before
      .split(/^## Options$/m, 1)
      .join("")
      .trim(),
    "## Options",
    keyTable(optionKeys(options, page), "option") ?? "None.",
    ...(input ? inputOf(name, input) : []),
    after.trim(),
    "The keys that every job has (schedule, toggles, retries, lock, alerts) are in the [reference](../reference.md#jobs).",
  ];
  return `${parts.filter((it) => it !== "").join("\n\n")}\n`;
}

/** The text of one section of a page.md. Empty if it has none. */
export function sectionOf(page: string, section: (typeof SECTIONS)[number]): string {
  const [, text = ""] = page.split(`## ${section}\n`);
  return text.split(/^## /m, 1).join("").trim();
}

/** The example of a page.md: YAML with the block `jobs:` of a spec. */
export function exampleOf(page: string): string {
  return /^```yaml\n([^]*?)^```$/m.exec(sectionOf(page, "Example"))?.[1] ?? "";
}

/** The options with the words and examples of a page.md, or else those of their schema. */
export function optionKeys(schema: CatalogJob["options"], page: string): SpecKey[] {
  const lines = [
    ...sectionOf(page, "Options").matchAll(/^- `(.*?)`: (.*?)(?: Example: `(.*)`)?$/gm),
  ];
  const words = new Map(
    lines.map(([, path, description, example]) => [path, { description, example }]),
  );
  return listSpecKeys(schema).map((key) => {
    const { description, example } = words.get(key.path) ?? {};
    if (description === undefined) return key;
    const examples = example?.split("`, `").map((it): unknown => parse(it)) ?? [];
    return { ...key, description, examples };
  });
}

function inputOf(name: string, input: NonNullable<CatalogJob["input"]>): string[] {
  const table = keyTable(listSpecKeys(input), "name");
  if (table === undefined) return [];
  return [
    "## Input of a manual run",
    `For one run: ${code(`opspec-runtime run <job that uses ${name}> --input name=value`)}, or as ${code('{ "input": { … } }')} in the body of ${code("POST /ops/jobs/<job>/run")}. The run record contains it.`,
    table,
  ];
}

function keyTable(keys: readonly SpecKey[], called: string): string | undefined {
  return keys.length === 0 ? undefined : renderKeys(keys, called);
}
