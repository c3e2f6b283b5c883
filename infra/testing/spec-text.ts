import { type Problem, SpecError } from "../errors.ts";
import type { StackModel } from "../model/stack-model.ts";
import { type FindStack, parseStackSpec } from "../spec/parse.ts";
import { resolveStack } from "../stack.ts";

/** The first lines of every small test spec. */
export const SPEC_HEAD = `
system: shop
render: { owner: tea-00000000000000000000 }
runtimeSource:
  image: example.com/runtime@sha256:${"0".repeat(64)}
  archive: { url: "https://example.com/runtime.tar.gz", sha256: "${"0".repeat(64)}" }
`;

/** Number of lines of the head. */
const HEAD_LINES = SPEC_HEAD.split("\n").length - 1;

/** The model of a small spec without its head. */
export function modelOf(text: string, find?: FindStack): StackModel {
  return resolveStack("shop", parseStackSpec(SPEC_HEAD + text, "shop.ops.yaml", find)).model;
}

/** The problems of a small spec without its head, with lines counted after the head. */
export function refusals(text: string, find?: FindStack): string[] {
  return refusalsOf(SPEC_HEAD + text, HEAD_LINES, find);
}

/** The problems of a whole spec. */
export function wholeRefusals(text: string, find?: FindStack): string[] {
  return refusalsOf(text, 0, find);
}

function refusalsOf(text: string, offset: number, find?: FindStack): string[] {
  try {
    resolveStack("shop", parseStackSpec(text, "shop.ops.yaml", find));
    return [];
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return error.problems.map((problem) => renderWithOffset(problem, offset));
  }
}

/** The message without the file name. */
function renderWithOffset({ place, path, message, remedy }: Problem, offset: number): string {
  const { file = "", line = 0, column = 0 } = place ?? {};
  const isOwn = file === "shop.ops.yaml";
  const where = isOwn ? `${line - offset}:${column}` : `${file}:${line}:${column}`;
  return [where, " ", path === "" ? [] : `${path}:`, message, remedy ?? []].flat().join(" ");
}
