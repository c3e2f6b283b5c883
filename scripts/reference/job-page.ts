import type { CatalogJob } from "@opspec/runtime/catalog";
import { z } from "zod";
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
  const table = renderTable(COLUMNS, listSpecKeys(classic(options)).map(optionRow));
  return [`### ${code(name)}`, `${description}${disk}`, table].join("\n\n");
}

/**
 * The same schema of zod's usual kind. The runtime writes its own with zod/mini, which starts
 * faster; JSON Schema is what both can say.
 */
function classic(options: CatalogJob["options"]): z.ZodType {
  return z.fromJSONSchema(z.toJSONSchema(options, { io: "input", unrepresentable: "any" }));
}

function optionRow({ path, schema, isRequired, description = "" }: SpecKey): Row {
  const unit = unitOf(path) ?? "";
  return [code(path), typeWords(schema), isRequired ? "required" : "", unit, description];
}
