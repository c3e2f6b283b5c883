import type { CatalogJob } from "@opspec/runtime/catalog";
import type { JobPage } from "../../runtime/src/jobs/job-page.ts";
import { code, renderTable, type Row } from "./markdown.ts";
import { listSpecKeys } from "./spec-keys.ts";
import { renderKeys } from "./spec-page.ts";

/** A job of the catalog, and what its owner wrote of it. */
export interface DescribedJob {
  readonly job: CatalogJob;
  /** Undefined while nobody wrote it; then the page tells what the catalog does. */
  readonly page: JobPage | undefined;
}

/** Every job that the runtime knows by name, each with a link to the page of its own. */
export function renderJobList(jobs: Readonly<Record<string, DescribedJob>>): string {
  const rows = Object.entries(jobs).map(([name, { job, page }]) => [
    `[${code(name)}](jobs/${name}.md)`,
    job.description,
    (page?.alsoKnownAs ?? []).map(code).join(", "),
  ]);
  return renderTable(["job", "what it does", "in the runbooks"], rows);
}

/** The page of one job: what it does, its options, what it leaves, how it ends, and an example. */
export function renderJobPage(name: string, { job, page }: DescribedJob): string {
  const { description, options, input, needsDisk } = job;
  const disk = needsDisk ? " It needs a disk, so it runs in the service that has one." : "";
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
    "What every job may say besides (schedule, toggles, retries, lock, alerts) is in the [reference](../reference.md#jobs).",
  ].join("\n\n")}\n`;
}

function namesOf({ alsoKnownAs }: JobPage): string[] {
  return alsoKnownAs.length === 0 ? [] : [`In the runbooks: ${alsoKnownAs.map(code).join(", ")}.`];
}

function inputOf(name: string, input: NonNullable<CatalogJob["input"]>): string[] {
  const table = keyTable(input, "name");
  if (table === undefined) return [];
  return [
    "## Input by hand",
    `Said for one run: ${code(`opspec-runtime run <job that uses ${name}> --input name=value`)}, or as ${code('{ "input": { … } }')} in the body of ${code("POST /ops/jobs/<job>/run")}. The record holds it.`,
    table,
  ];
}

function outcomeOf({ artifacts, exits, dryRun, example }: JobPage): string[] {
  return [
    "## What it writes",
    Object.keys(artifacts).length === 0
      ? "Nothing besides its record."
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

/** As it stands in a spec, below `jobs:`. */
function indented(yaml: string): string {
  const lines = yaml.trim().split("\n");
  return lines.map((line) => (line === "" ? "" : `  ${line}`)).join("\n");
}

function keyTable(schema: CatalogJob["options"], called: string): string | undefined {
  const keys = listSpecKeys(schema);
  return keys.length === 0 ? undefined : renderKeys(keys, called);
}
