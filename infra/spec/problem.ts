import { z } from "zod";
import type { Problem } from "../errors.ts";
import { nearest } from "../errors.ts";
import { EXTENSION, MISPLACED_EXTENSION } from "./document.ts";
import { belongsElsewhere, replacementOf } from "./misplaced.ts";
import {
  childValue,
  intendedVariant,
  keysOf,
  requiredKeysOf,
  schemaAt,
  unwrap,
} from "./schema-walk.ts";

/** A problem of shape. */
export interface ShapeProblem {
  readonly problem: Problem;
  /** Path of the part to drop; empty when something is missing. */
  readonly drop: readonly string[];
  /** Path of the intended key, for a misspelt one; it is not also reported as missing. */
  readonly meant?: string;
}

/** Keys whose values may be misplaced secrets, so messages never contain them. */
const CONFIDENTIAL_KEYS = ["env", "secrets", "secretFiles", "options"];

/** Types in the operator's words. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a block of keys",
  record: "a block of keys",
};

/** Every problem of shape of `value`, in the operator's words. */
export function shapeProblems(
  schema: z.core.$ZodType,
  value: unknown,
  base: readonly string[] = [],
): ShapeProblem[] {
  const result = z.safeParse(schema, value);
  if (result.success) return [];
  const found = result.error.issues.flatMap((issue) => translate(schema, value, { issue, base }));
  const meant = new Set(found.map((it) => it.meant));
  return found.filter((it) => it.drop.length > 0 || !meant.has(it.problem.path));
}

interface IssuePosition {
  readonly issue: z.core.$ZodIssue;
  readonly base: readonly string[];
}

function translate(
  schema: z.core.$ZodType,
  value: unknown,
  { issue, base }: IssuePosition,
): ShapeProblem[] {
  const path = [...base, ...issue.path.map(String)];
  const found = issue.path.reduce(childValue, value);
  const at = schemaAt(schema, value, issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(key, keysOf(at), path));
  }
  if (found === undefined) return [missing(at, path)];
  if (issue.code === "invalid_union" && at instanceof z.ZodUnion) {
    return unionProblems(at, found, path);
  }
  return [{ problem: { path: path.join("/"), ...explain(issue, found, path) }, drop: path }];
}

function missing(schema: z.core.$ZodType | undefined, path: readonly string[]): ShapeProblem {
  const example = schema && z.globalRegistry.get(schema)?.["examples"];
  const [first] = Array.isArray(example) ? example : [];
  const hint = first === undefined ? "" : `, for example ${path.at(-1)}: ${inline(first)}`;
  return {
    problem: { path: path.join("/"), message: "is missing.", remedy: `Add it${hint}.` },
    drop: [],
  };
}

/** An example as one line of YAML. */
function inline(value: unknown): string {
  if (typeof value === "string") return /^[\w./-]+$/.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const parts = Object.entries(value).map(([key, child]) => `${key}: ${inline(child)}`);
  return `{ ${parts.join(", ")} }`;
}

function unionProblems(union: z.ZodUnion, found: unknown, path: readonly string[]): ShapeProblem[] {
  const variant = intendedVariant(union, found);
  if (variant) return shapeProblems(variant, found, path);
  if (typeof found === "object" && found !== null && !Array.isArray(found)) {
    const [key] = Object.keys(found);
    if (key !== undefined) return [unknownKey(key, keysOf(union), path)];
  }
  const wanted = words(union.def.options.map((option) => typeWords(unwrap(option))));
  const message = sentence(`should be ${wanted}`, found, path);
  return [{ problem: { path: path.join("/"), message }, drop: path }];
}

function unknownKey(key: string, known: readonly string[], path: readonly string[]): ShapeProblem {
  const drop = [...path, key];
  const replacement = replacementOf(path, key);
  if (replacement !== undefined) {
    const problem = {
      path: drop.join("/"),
      message: "is no longer a key.",
      remedy: replacement,
    };
    return { problem, drop, meant: [...path, "database"].join("/") };
  }
  if (key.startsWith(EXTENSION)) {
    const problem = { path: drop.join("/"), ...MISPLACED_EXTENSION };
    return { problem, drop };
  }
  const likely = nearest(key, known);
  const misplaced = belongsElsewhere(path, key, likely);
  const near = misplaced === undefined ? likely : undefined;
  const remedy =
    misplaced ??
    (near === undefined
      ? `Known here: ${known.toSorted().join(", ")}.`
      : `Did you mean "${near}"?`);
  return {
    problem: { path: drop.join("/"), message: "is not a key here.", remedy },
    drop,
    ...(near === undefined ? {} : { meant: [...path, near].join("/") }),
  };
}

function explain(
  issue: z.core.$ZodIssue,
  found: unknown,
  path: readonly string[],
): { message: string; remedy?: string } {
  switch (issue.code) {
    case "invalid_type":
      return { message: sentence(`should be ${typeName(issue.expected)}`, found, path) };
    case "invalid_value":
      return explainValue(issue.values.map(String), found, path);
    case "too_small":
      return {
        message: sentence(
          `should be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`,
          found,
          path,
        ),
      };
    case "too_big":
      return { message: sentence(boundWords(issue), found, path) };
    case "invalid_key":
      return {
        message: sentence(issue.issues[0]?.message ?? "is not valid as a key", path.at(-1), []),
      };
    default:
      return { message: sentence(issue.message, found, path) };
  }
}

function boundWords({ origin, maximum, message }: z.core.$ZodIssueTooBig): string {
  if (origin === "string") return message;
  return origin === "array"
    ? `should have at most ${maximum} items`
    : `should be at most ${maximum}`;
}

function explainValue(
  values: readonly string[],
  found: unknown,
  path: readonly string[],
): { message: string; remedy?: string } {
  const near = typeof found === "string" ? nearest(found, values) : undefined;
  const message = sentence(`should be ${words(values)}`, found, path);
  return near === undefined ? { message } : { message, remedy: `Did you mean "${near}"?` };
}

/**
 * A message with the given value, unless it may be a secret. A complete sentence stays unchanged.
 */
function sentence(text: string, found: unknown, path: readonly string[]): string {
  if (text.endsWith(".")) return text;
  const isConfidential =
    path.some((part) => CONFIDENTIAL_KEYS.includes(part)) || /:\/\/[^/]*@/.test(String(found));
  const isPlain = ["string", "number", "boolean"].includes(typeof found);
  if (!isPlain) return `${text}, got ${typeName(kindOf(found))}.`;
  return isConfidential ? `${text}.` : `${text}, got ${JSON.stringify(found)}.`;
}

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  return Array.isArray(value) ? "array" : typeof value;
}

function typeName(expected: string): string {
  return TYPE_WORDS[expected] ?? expected;
}

/** A variant in words: its type, or the keys that it needs. */
function typeWords(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodLiteral) return words([...schema.def.values].map(String));
  if (schema instanceof z.ZodEnum) return words(Object.values(schema.def.entries).map(String));
  if (!(schema instanceof z.ZodObject)) {
    return schema instanceof z.ZodType ? typeName(schema.def.type) : "something else";
  }
  const required = requiredKeysOf(schema);
  return `{ ${required.map((key) => `${key}: …`).join(", ")} }`;
}

function words(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} or ${parts.at(-1)}`;
}
