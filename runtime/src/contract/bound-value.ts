import {
  $ZodArray,
  $ZodBoolean,
  $ZodDefault,
  $ZodEnum,
  $ZodNullable,
  $ZodNumber,
  $ZodOptional,
  $ZodPrefault,
  $ZodString,
  type $ZodType,
} from "zod/v4/core";
import { meaningOf } from "../sources/toggles/toggle-value.ts";

/**
 * A variable's text as a value for an option of this schema: numbers and truth values as people
 * write them, lists separated by commas, anything deeper as JSON. Text that cannot be read stays
 * text, and the schema refuses it.
 */
export function parseBoundValue(schema: $ZodType, text: string): unknown {
  const inner = unwrap(schema);
  if (inner instanceof $ZodNumber) return parseNumber(text);
  if (inner instanceof $ZodBoolean) return parseTruth(text);
  if (inner instanceof $ZodArray) return parseList(inner, text);
  if (inner instanceof $ZodString || inner instanceof $ZodEnum) return text;
  return parseJson(text);
}

/** What a schema holds beneath `optional`, `nullable`, `default` and the like. */
function unwrap(schema: $ZodType): $ZodType {
  const isWrapper =
    schema instanceof $ZodOptional ||
    schema instanceof $ZodNullable ||
    schema instanceof $ZodDefault ||
    schema instanceof $ZodPrefault;
  return isWrapper ? unwrap(schema._zod.def.innerType) : schema;
}

/** In the words of toggles, so that a variable means the same everywhere. */
function parseTruth(text: string): boolean | string {
  const meaning = meaningOf(text);
  return meaning === "on" || meaning === "off" ? meaning === "on" : text;
}

function parseNumber(text: string): number | string {
  return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
}

function parseList({ _zod }: $ZodArray, text: string): unknown {
  if (text.trim().startsWith("[")) return parseJson(text);
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => parseBoundValue(_zod.def.element, part));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
