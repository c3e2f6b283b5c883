import { z } from "zod";
import { EnvName, FileName } from "../../infra/spec/scalar.ts";

/** One key of the spec, or one entry of a block whose keys the operator chooses. */
export interface SpecKey {
  /** Slash path as in messages, with placeholders for chosen names: `services/<key>/plan`. */
  readonly path: string;
  readonly schema: z.core.$ZodType;
  readonly isRequired: boolean;
  /** The form of the block that the key belongs to, where there are several: its required keys. */
  readonly form?: string;
  readonly description?: string;
  readonly examples: readonly unknown[];
  /** Path of the key below which the same keys are already listed. */
  readonly sameAs?: string;
}

/** Every key that a schema accepts, in the order in which it is declared. */
export function listSpecKeys(schema: z.core.$ZodType): SpecKey[] {
  return [...walk(schema, { path: "", seen: new Map() })];
}

/** The schema without optional, default and transform wrappers. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = innerOf(schema);
  return inner ? unwrap(inner) : schema;
}

/** The required keys that identify one form of a block. */
export function formOf(object: z.core.$ZodObject): string {
  const required = Object.entries(object._zod.def.shape).filter(([, child]) => isRequired(child));
  return `{ ${required.map(formPart).join(", ")} }`;
}

/** A key with one possible value is shown with it, because it identifies the form. */
function formPart([key, child]: [string, z.core.$ZodType]): string {
  const here = unwrap(child);
  const [value, ...others] = here instanceof z.core.$ZodLiteral ? here._zod.values : [];
  return value === undefined || others.length > 0 ? key : `${key}: ${String(value)}`;
}

interface WalkPosition {
  readonly path: string;
  readonly form?: string;
  /** Definition of a block → the path at which its keys were listed. */
  readonly seen: Map<object, string>;
}

function* walk(schema: z.core.$ZodType, at: WalkPosition): Generator<SpecKey> {
  const here = unwrap(schema);
  if (here instanceof z.core.$ZodObject) {
    for (const [key, child] of Object.entries(here._zod.def.shape)) yield* keyAt(child, key, at);
  }
  if (here instanceof z.core.$ZodRecord) {
    yield* entryAt(here._zod.def.valueType, placeholder(here), at);
  }
  if (here instanceof z.core.$ZodArray) yield* entryAt(here._zod.def.element, "<n>", at);
  if (here instanceof z.core.$ZodUnion) {
    for (const option of here._zod.def.options.map(unwrap)) {
      const form = option instanceof z.core.$ZodObject ? { form: formOf(option) } : {};
      yield* walk(option, { ...at, ...form });
    }
  }
}

function* keyAt(
  schema: z.core.$ZodType,
  key: string,
  { path, form, seen }: WalkPosition,
): Generator<SpecKey> {
  const here = path === "" ? key : `${path}/${key}`;
  const definition = unwrap(schema)._zod.def;
  const sameAs = isBlock(schema) ? seen.get(definition) : undefined;
  yield {
    path: here,
    schema,
    isRequired: isRequired(schema),
    ...describe(schema),
    ...(form === undefined ? {} : { form }),
    ...(sameAs === undefined ? {} : { sameAs }),
  };
  if (sameAs !== undefined) return;
  seen.set(definition, here);
  yield* walk(schema, { path: here, seen });
}

/** An entry without a description is not listed; its keys always are. */
function* entryAt(
  schema: z.core.$ZodType,
  name: string,
  { path, seen }: WalkPosition,
): Generator<SpecKey> {
  const here = `${path}/${name}`;
  const { description, examples } = describe(schema);
  if (description !== undefined) {
    yield { path: here, schema, isRequired: false, description, examples };
  }
  yield* walk(schema, { path: here, seen });
}

/** Whether the block has enough keys to refer to instead of listing them again. */
function isBlock(schema: z.core.$ZodType): boolean {
  const here = unwrap(schema);
  if (here instanceof z.core.$ZodUnion) return here._zod.def.options.some(isBlock);
  if (here instanceof z.core.$ZodArray) return isBlock(here._zod.def.element);
  return here instanceof z.core.$ZodObject || here instanceof z.core.$ZodRecord;
}

/** Whether the key is required. */
export function isRequired(schema: z.core.$ZodType): boolean {
  return !z.safeParse(schema, undefined).success;
}

/** The description of the outermost schema that has one. */
function describe(schema: z.core.$ZodType): { description?: string; examples: readonly unknown[] } {
  const meta = z.globalRegistry.get(schema);
  const inner = innerOf(schema);
  const below = inner ? describe(inner) : { examples: [] };
  const description = meta?.description ?? below.description;
  const examples = meta?.["examples"];
  return {
    ...(description === undefined ? {} : { description }),
    examples: Array.isArray(examples) ? examples : below.examples,
  };
}

function innerOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.core.$ZodPipe) return schema._zod.def.in;
  const isWrapper =
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodNullable ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodPrefault ||
    schema instanceof z.core.$ZodReadonly;
  return isWrapper ? schema._zod.def.innerType : undefined;
}

function placeholder(record: z.core.$ZodRecord): string {
  const named: readonly (readonly [z.core.$ZodType, string])[] = [
    [EnvName, "<NAME>"],
    [FileName, "<file>"],
  ];
  return named.find(([type]) => type === record._zod.def.keyType)?.[1] ?? "<key>";
}
