import type { CatalogJob } from "@opspec/runtime/catalog";
import { code, renderTable, type Row } from "./markdown.ts";
import { listSpecKeys, type SpecKey } from "./spec-keys.ts";
import { typeWords, unitOf } from "./type-words.ts";

const COLUMNS = ["option", "type", "default", "unit", "what it says"];

/** Every job that the runtime knows by name, with its options. */
export function renderJobPage(catalog: Readonly<Record<string, CatalogJob>>): string {
  return Object.entries(catalog).map(renderJob).join("\n\n");
}

function renderJob([name, { description, options, needsDisk }]: [string, CatalogJob]): string {
  const disk = needsDisk ? " It needs a disk." : "";
  const table = renderTable(COLUMNS, listSpecKeys(options).map(optionRow));
  return [`### ${code(name)}`, `${description}${disk}`, table].join("\n\n");
}

function optionRow({ path, schema, isRequired, description = "" }: SpecKey): Row {
  const unit = unitOf(path) ?? "";
  return [code(path), typeWords(schema), isRequired ? "required" : "", unit, description];
}
