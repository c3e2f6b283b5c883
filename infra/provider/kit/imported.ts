import type { z } from "zod";
import { type ResourceContract, rulesOf } from "../../resources/contract.ts";
import { asImported, observedInputs } from "./observed.ts";
import { revealed, type TreeObject } from "./property-tree.ts";

/**
 * The input by which an import's read says that it is one.
 *
 * The engine imports in two steps: a read that is told nothing of the program, and then a check and
 * a difference between what was read and what the program declares. The read cannot leave out what
 * the program does not declare, so the comparison does. Where nothing differs the engine keeps what
 * was read in state until the next `up`, so the note stands among the inputs: it goes with them.
 */
const IMPORTED = "opspecImported";

/** The inputs of an import, with the note that they are. */
export function asImport(inputs: TreeObject): TreeObject {
  return { ...inputs, [IMPORTED]: true };
}

/** Were these inputs read by an import, and is no program known to have declared them? */
export function isImport(inputs: TreeObject): boolean {
  return inputs[IMPORTED] === true;
}

/** The inputs without the note: `pulumi import` shows them to a check as if a program had said them. */
export function withoutImportNote({ [IMPORTED]: _note, ...inputs }: TreeObject): TreeObject {
  return inputs;
}

/**
 * What a program's inputs are compared with: what was there, and of an import only what it declares.
 *
 * So an import shows what differs from the program, and neither shows nor clears what the program
 * leaves alone. What may be secret of an import is.
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
