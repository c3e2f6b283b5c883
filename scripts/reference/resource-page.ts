import { z } from "zod";
import {
  type FieldRules,
  type ProviderContract,
  type ResourceContract,
  rulesOf,
} from "../../infra/resources/contract.ts";
import { code, renderTable, type Row } from "./markdown.ts";
import { isRequired, unwrap } from "./spec-keys.ts";
import { typeWords } from "./type-words.ts";

const COLUMNS = {
  inputs: ["input", "type", "", "what it is", "a change"],
  outputs: ["output", "type", "", "what it is"],
};

/** One of our own resource types, or the configuration of a provider. */
export type Contract = ResourceContract | ProviderContract;

/** Every resource type by provider: inputs, outputs, what replaces it and what is secret. */
export function renderResourcePage(contracts: readonly Contract[]): string {
  const named = contracts.map((contract) => ({ contract, name: nameOf(contract) }));
  const sorted = named.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map(({ contract }) => renderContract(contract)).join("\n\n");
}

function nameOf(contract: Contract): string {
  return "token" in contract ? contract.token : contract.name;
}

function renderContract(contract: Contract): string {
  if (!("token" in contract)) {
    const title = `### The provider ${code(contract.name)}`;
    return [title, contract.description, ...renderInputs(contract.inputs)].join("\n\n");
  }
  const order = contract.deleteBeforeReplace
    ? "A replacement deletes the old one first"
    : "A replacement makes the new one first";
  const consent = contract.holds
    ? `, and needs ${code("allowDataLoss")} when data would go; so does a deletion`
    : "";
  const outputs = fieldsOf(contract.outputs, "").map(outputRow);
  return [
    `### ${code(contract.token)}`,
    `${contract.description} ${order}${consent}.`,
    ...renderInputs(contract.inputs),
    ...(outputs.length === 0 ? [] : [renderTable(COLUMNS.outputs, outputs)]),
  ].join("\n\n");
}

function renderInputs(inputs: z.ZodObject): string[] {
  const rows = fieldsOf(inputs, "").map(inputRow);
  return rows.length === 0 ? [] : [renderTable(COLUMNS.inputs, rows)];
}

function inputRow({ path, schema, rules }: Field): Row {
  return [
    code(path),
    typeWords(schema),
    [...(isRequired(schema) ? ["required"] : []), ...secrecy(rules)].join(", "),
    rules.description ?? "",
    effects(rules).join("; "),
  ];
}

function outputRow({ path, schema, rules }: Field): Row {
  const said = [...secrecy(rules), ...(rules.volatile ? ["changes with an update"] : [])];
  return [code(path), typeWords(schema), said.join(", "), rules.description ?? ""];
}

interface Field {
  readonly path: string;
  readonly schema: z.ZodType;
  readonly rules: Partial<FieldRules>;
}

function fieldsOf(shape: z.ZodObject, base: string): Field[] {
  return Object.entries(shape.shape).flatMap(([name, schema]) => {
    if (!(schema instanceof z.ZodType)) return [];
    const path = base === "" ? name : `${base}.${name}`;
    return [{ path, schema, rules: rulesOf(schema) }, ...fieldsBelow(schema, path)];
  });
}

function fieldsBelow(schema: z.core.$ZodType, path: string): Field[] {
  const here = unwrap(schema);
  if (here instanceof z.ZodArray) return fieldsBelow(here.def.element, `${path}[]`);
  return here instanceof z.ZodObject ? fieldsOf(here, path) : [];
}

/** The effect of changing the field. */
function effects({ replaces, loses, onlyGrows }: Partial<FieldRules>): string[] {
  return [
    ...(replaces === undefined ? [] : [`replaces: ${replaces}`]),
    ...(loses === undefined ? [] : [`loses ${loses}, so it needs ${code("allowDataLoss")}`]),
    ...(onlyGrows === undefined ? [] : [`never smaller: ${onlyGrows}`]),
  ];
}

function secrecy({ secret, secretOnImport }: Partial<FieldRules>): string[] {
  if (secret) return ["secret"];
  return secretOnImport ? ["secret when imported"] : [];
}
