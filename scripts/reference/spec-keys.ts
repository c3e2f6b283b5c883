import { z } from "zod";
import { EnvName, FileName } from "../../infra/spec/scalar.ts";

/** One key that may be written in a spec, or one entry of a block that is keyed by the operator. */
export interface SpecKey {
  /** Slash path as in messages, with a placeholder for what the operator names: `services/<key>/plan`. */
  readonly path: string;
  readonly schema: z.ZodType;
  readonly isRequired: boolean;
  /** The form of a block to which the key belongs, where there are several: the keys it must have. */
  readonly form?: string;
  readonly description?: string;
  readonly examples: readonly unknown[];
  /** Path of the key below which the same keys are listed already. */
  readonly sameAs?: string;
}

/** Every key that a schema accepts, in the order in which it is declared. */
export function listSpecKeys(schema: z.ZodType): SpecKey[] {
  return [...walk(schema, { path: "", seen: new Map() })];
}

/** The schema without what says that it may be missing, or what becomes of it after it is read. */
export function unwrap(schema: z.core.$ZodType): z.ZodType {
  const inner = innerOf(classic(schema));
  return inner ? unwrap(inner) : classic(schema);
}

/** The keys that tell one form of a block from the others, as they are written. */
export function formOf(object: z.ZodObject): string {
  const required = Object.entries(object.shape).filter(([, child]) => isRequired(classic(child)));
  return `{ ${required.map(([key]) => key).join(", ")} }`;
}

interface At {
  readonly path: string;
  readonly form?: string;
  /** Definition of a block → the path at which its keys were listed. */
  readonly seen: Map<object, string>;
}

function* walk(schema: z.ZodType, at: At): Generator<SpecKey> {
  const here = unwrap(schema);
  if (here instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(here.shape)) yield* keyAt(classic(child), key, at);
  }
  if (here instanceof z.ZodRecord) {
    yield* entryAt(classic(here.def.valueType), placeholder(here), at);
  }
  if (here instanceof z.ZodArray) yield* entryAt(classic(here.def.element), "<n>", at);
  if (here instanceof z.ZodUnion) {
    for (const option of here.def.options.map(unwrap)) {
      const form = option instanceof z.ZodObject ? { form: formOf(option) } : {};
      yield* walk(option, { ...at, ...form });
    }
  }
}

function* keyAt(schema: z.ZodType, key: string, { path, form, seen }: At): Generator<SpecKey> {
  const here = path === "" ? key : `${path}/${key}`;
  const { def: definition } = unwrap(schema);
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

/** An entry is told only when it has something to say; its keys always are. */
function* entryAt(schema: z.ZodType, name: string, { path, seen }: At): Generator<SpecKey> {
  const here = `${path}/${name}`;
  const { description, examples } = describe(schema);
  if (description !== undefined) {
    yield { path: here, schema, isRequired: false, description, examples };
  }
  yield* walk(schema, { path: here, seen });
}

/** Whether something stands below it that is worth a reference instead of a second listing. */
function isBlock(schema: z.ZodType): boolean {
  const here = unwrap(schema);
  if (here instanceof z.ZodUnion)
    return here.def.options.some((option) => isBlock(classic(option)));
  if (here instanceof z.ZodArray) return isBlock(classic(here.def.element));
  return here instanceof z.ZodObject || here instanceof z.ZodRecord;
}

/** Whether a block without the key is refused. */
export function isRequired(schema: z.ZodType): boolean {
  return !schema.isOptional();
}

/** The text of the outermost part that has one. */
function describe(schema: z.ZodType): { description?: string; examples: readonly unknown[] } {
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

function innerOf(schema: z.ZodType): z.ZodType | undefined {
  if (schema instanceof z.ZodPipe) return classic(schema.def.in);
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly;
  return isWrapper ? classic(schema.def.innerType) : undefined;
}

/** Inside others, zod types schemas as those of its core; all of ours are of its usual kind. */
function classic(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new Error("unreachable: a schema of zod's core alone");
}

function placeholder(record: z.ZodRecord): string {
  const named: readonly (readonly [z.ZodType, string])[] = [
    [EnvName, "<NAME>"],
    [FileName, "<file>"],
  ];
  return named.find(([type]) => type === record.def.keyType)?.[1] ?? "<key>";
}
