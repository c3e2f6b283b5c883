import { z } from "zod";
import * as scalars from "../../infra/spec/scalar.ts";
import { formOf, unwrap } from "./spec-keys.ts";

/** A text that every text schema rejects, so that its message states the format. */
const NO_VALUE = "\u0000 \u0000";

/** The beginning of the schemas' messages; the rest states the format. */
const WANTED = /^should be (?:an? )?(.+)$/;

/** A named text format that several keys use. */
export interface Kind {
  readonly name: string;
  /** The format: `lower-case words with hyphens, such as web or digest-weekdays`. */
  readonly rule: string;
  readonly schema: z.core.$ZodType;
}

/** The named text formats of the spec. */
export const KINDS: readonly Kind[] = Object.entries(scalars)
  .flatMap(([name, schema]) =>
    schema instanceof z.core.$ZodType && schema._zod.def.type === "string"
      ? [{ name: kindName(name), schema, rule: wanted(schema) }]
      : [],
  )
  .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** The type of a key in words: `whole number, 1 to 300` or `list of text`. */
export function typeWords(...schemas: readonly z.core.$ZodType[]): string {
  return [...new Set(schemas.flatMap((schema) => alternatives(unwrap(schema))))].join(" or ");
}

/** The unit of a number, from the suffix of its key. */
export function unitOf(key: string): string | undefined {
  return UNITS.find(([ending]) => ending.test(key))?.[1];
}

const UNITS: readonly (readonly [ending: RegExp, unit: string])[] = [
  [/Gb$/, "GB"],
  [/Percent$/, "percent"],
  [/Seconds$/, "seconds"],
  [/Days$/, "days"],
  [/Ms$/, "milliseconds"],
  [/^bytes$|Bytes$/, "bytes"],
  [/Length$/, "characters"],
];

function alternatives(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.core.$ZodUnion)
    return schema._zod.def.options.map(unwrap).flatMap(formWords);
  if (schema instanceof z.core.$ZodEnum)
    return Object.values(schema._zod.def.entries).map((it) => `\`${it}\``);
  if (schema instanceof z.core.$ZodLiteral) return [...schema._zod.values].map((it) => `\`${it}\``);
  if (schema instanceof z.core.$ZodBoolean) return ["`true`", "`false`"];
  if (schema instanceof z.core.$ZodNumber) return [numberWords(schema)];
  if (schema instanceof z.core.$ZodArray) return [`list of ${typeWords(schema._zod.def.element)}`];
  if (schema instanceof z.core.$ZodRecord) return [recordWords(schema)];
  if (schema instanceof z.core.$ZodObject) return ["block"];
  return [schema._zod.def.type === "string" ? textWords(schema) : "anything"];
}

function formWords(option: z.core.$ZodType): string[] {
  return option instanceof z.core.$ZodObject ? [`\`${formOf(option)}\``] : alternatives(option);
}

function recordWords(record: z.core.$ZodRecord): string {
  const value = unwrap(record._zod.def.valueType);
  return value instanceof z.core.$ZodObject ? "blocks by name" : `by name: ${typeWords(value)}`;
}

function numberWords(schema: z.core.$ZodNumber): string {
  const {
    type,
    minimum = -Infinity,
    maximum = Infinity,
  } = z.toJSONSchema(schema, {
    // Without ids, so that a number with its own definition is not a reference.
    metadata: z.registry<Record<string, unknown>>(),
  });
  const noun = type === "integer" ? "whole number" : "number";
  // zod's int has the bounds of safe integers, which are not worth showing.
  const min = minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const max = maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (min !== undefined && max !== undefined) return `${noun}, ${min} to ${max}`;
  if (min !== undefined) return `${noun}, ${min} or more`;
  return max === undefined ? noun : `${noun}, ${max} at most`;
}

/** The name of a format; for a format that is used once, its rule without the example. */
function textWords(schema: z.core.$ZodType): string {
  const kind = KINDS.find((it) => it.schema._zod.def === schema._zod.def);
  return kind?.name ?? wanted(schema).replace(/,? such as .+$/, "");
}

function wanted(schema: z.core.$ZodType): string {
  const issue = z.safeParse(schema, NO_VALUE).error?.issues[0];
  if (issue?.code === "invalid_format" && issue.format === "url") return "URL";
  return WANTED.exec(issue?.message ?? "")?.[1] ?? "text";
}

/** `HttpsUrl` is `https URL`. */
function kindName(exported: string): string {
  const words = exported.replaceAll(/(?<!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
  return words.replace(/\b(cidr|url)\b/, (acronym) => acronym.toUpperCase());
}
