import type { CatalogJob } from "@opspec/runtime/catalog";
import type { JobPage } from "../../runtime/src/jobs/job.ts";
import { code, renderTable, type Row } from "./markdown.ts";
import { listSpecKeys } from "./spec-keys.ts";
import { renderKeys } from "./spec-page.ts";

/** A job of the catalog with the text of its page. */
export interface DescribedJob {
  readonly job: CatalogJob;
  /** Undefined when the job has no page.ts; then the page shows only the catalog's data. */
  readonly page: JobPage | undefined;
}

/** Every job of the catalog, with a link to its page. */
export function renderJobList(jobs: Readonly<Record<string, DescribedJob>>): string {
  const rows = Object.entries(jobs).map(([name, { job, page }]) => [
    `[${code(name)}](jobs/${name}.md)`,
    job.description,
    (page?.alsoKnownAs ?? []).map(code).join(", "),
  ]);
  return renderTable(["job", "what it does", "in the runbooks"], rows);
}

/** The page of one job: purpose, options, outputs, exit codes and an example. */
export function renderJobPage(name: string, { job, page }: DescribedJob): string {
  const { description, options, input, needsDisk } = job;
  const disk = needsDisk ? " It needs a disk, so it runs in the service that owns one." : "";
  return `${[
    "<!-- Generated from the code by npm run generate. Changes made here are lost. -->",
    `# ${code(name)}`,
    `${description}${disk}`,
    ...(page ? namesOf(page) : []),
    ...(page ? ["## What it does", numbered(page.does)] : []),
    "## Options",
    keyTable(options, "option") ?? "None.",
    ...(input ? inputOf(name, input) : []),
    ...(page ? outcomeOf(page) : []),
    "The keys that every job has (schedule, toggles, retries, lock, alerts) are in the [reference](../reference.md#jobs).",
  ].join("\n\n")}\n`;
}

function namesOf({ alsoKnownAs }: JobPage): string[] {
  return alsoKnownAs.length === 0 ? [] : [`In the runbooks: ${alsoKnownAs.map(code).join(", ")}.`];
}

function inputOf(name: string, input: NonNullable<CatalogJob["input"]>): string[] {
  const table = keyTable(input, "name");
  if (table === undefined) return [];
  return [
    "## Input of a manual run",
    `For one run: ${code(`opspec-runtime run <job that uses ${name}> --input name=value`)}, or as ${code('{ "input": { … } }')} in the body of ${code("POST /ops/jobs/<job>/run")}. The run record contains it.`,
    table,
  ];
}

function outcomeOf({ artifacts, exits, dryRun, example }: JobPage): string[] {
  return [
    "## What it writes",
    Object.keys(artifacts).length === 0
      ? "Nothing but its run record."
      : renderTable(["what", "where and how"], Object.entries(artifacts)),
    "## How it ends",
    renderTable(["exit code or status", "when"], Object.entries(exits).map(endRow)),
    "## Dry run",
    dryRun,
    "## Example",
    `\`\`\`yaml\njobs:\n${indented(example)}\n\`\`\``,
  ];
}

function endRow([end, when]: [string, string]): Row {
  return [code(end), when];
}

function numbered(sentences: readonly string[]): string {
  return sentences.map((it, at) => `${at + 1}. ${it}`).join("\n");
}

/** The example as it is written in a spec, below `jobs:`. */
function indented(yaml: string): string {
  const lines = yaml.trim().split("\n");
  return lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n");
}

function keyTable(schema: CatalogJob["options"], called: string): string | undefined {
  const keys = listSpecKeys(schema);
  return keys.length === 0 ? undefined : renderKeys(keys, called);
}
