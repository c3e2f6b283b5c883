import type { z } from "zod";
import { type ResourceContract, rulesOf } from "../../resources/contract.ts";
import { asImported, observedInputs } from "./observed.ts";
import { revealed, type TreeObject } from "./property-tree.ts";

/**
 * The input that marks the result of an import's read.
 *
 * The engine imports in two steps: a read without the program's inputs, then a check and a diff
 * between what was read and what the program declares. The read cannot leave out undeclared inputs,
 * so the diff does. When nothing differs, the engine keeps the read inputs in state until the next
 * `up`, so the mark is one of the inputs.
 */
const IMPORTED = "opspecImported";

/** Marks the inputs of an import. */
export function asImport(inputs: TreeObject): TreeObject {
  return { ...inputs, [IMPORTED]: true };
}

/** Whether these inputs were read by an import and not declared by a program since. */
export function isImport(inputs: TreeObject): boolean {
  return inputs[IMPORTED] === true;
}

/**
 * The inputs without the mark; `pulumi import` passes them to a check as if a program declared
 * them.
 */
export function withoutImportNote({ [IMPORTED]: _note, ...inputs }: TreeObject): TreeObject {
  return inputs;
}

/**
 * The old inputs for a comparison; of an import only those that the program declares.
 *
 * So an import shows the differences to the program, and does not show or clear undeclared inputs.
 * Values of an import that may be secret are made secret.
 */
export function comparableOlds(
  contract: Pick<ResourceContract, "inputs">,
  olds: TreeObject,
  news: TreeObject,
): TreeObject {
  if (!isImport(olds)) return olds;
  const there = observedInputs(contract, revealed(withoutImportNote(olds)), revealed(news));
  const comparable = Object.entries(there).filter(([key]) => !isSetOnImport(contract, key));
  return asImported(contract.inputs, Object.fromEntries(comparable));
}

function isSetOnImport({ inputs }: Pick<ResourceContract, "inputs">, key: string): boolean {
  const schema = inputs.shape[key] as z.ZodType | undefined;
  return schema !== undefined && rulesOf(schema).setOnImport === true;
}
