import { z } from "zod";
import { EXTENSION } from "../../infra/spec/document.ts";
import { StackSpec } from "../../infra/spec/stack.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

type Definitions = Readonly<Record<string, JsonSchema>>;

/** Where the definitions of a schema are, as JSON pointers name them. */
const DEFINITIONS = "#/definitions/";

/**
 * The JSON Schema of a spec, for completion and hover in an editor. The parser checks more: formats
 * that a pattern cannot express, and every rule of meaning.
 *
 * Draft 7 is what the editors' YAML servers support best. A spec that extends another one may leave
 * out the keys that the other one has and remove keys with null, so it has a looser schema.
 */
export function renderSpecSchema(): string {
  const json = z.toJSONSchema(StackSpec, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
  });
  const { $schema, definitions = {}, ...stack } = plainReferences(json) as JsonSchema;
  const root = { ...stack, patternProperties: { [`^${EXTENSION}`]: {} } };
  const strict: Definitions = { stack: root, ...(definitions as Definitions) };
  const schema = {
    $schema,
    title: "Opspec stack",
    description: stack.description,
    type: "object",
    if: { required: ["extends"] },
    // oxlint-disable-next-line unicorn/no-thenable -- The keyword of JSON Schema is called so.
    then: { $ref: `${DEFINITIONS}stackExtension` },
    else: { $ref: `${DEFINITIONS}stack` },
    definitions: { ...strict, ...extensionsOf("stack", strict) },
  };
  return `${print(schema)}\n`;
}

/**
 * `{ $ref, description }` instead of `{ allOf: [{ $ref }], description }`: editors then show the
 * description of the place and not also the one of the definition.
 */
function plainReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainReferences);
  if (typeof value !== "object" || value === null) return value;
  const { allOf, ...rest } = value as JsonSchema;
  const only = allOf?.length === 1 ? allOf[0] : undefined;
  const plain = only?.$ref === undefined ? value : { ...rest, ...only };
  return Object.fromEntries(Object.entries(plain).map(([key, it]) => [key, plainReferences(it)]));
}

/** The looser definitions, of the root and of every block that its keys refer to. */
function extensionsOf(root: string, strict: Definitions): Definitions {
  const looser: Record<string, JsonSchema> = {};
  const blocks = [root];
  const add = (name: string): void => void (blocks.includes(name) || blocks.push(name));
  for (const name of blocks) {
    const at = { pointer: `${DEFINITIONS}${name}`, strict, add };
    const block = loosenBlock(strict[name] ?? {}, at);
    looser[`${name}Extension`] = name === root ? { ...block, type: "object" } : block;
  }
  return looser;
}

interface LoosenedAt {
  /** JSON pointer of the strict schema. */
  readonly pointer: string;
  readonly strict: Definitions;
  /** Asks for the looser definition of a block. */
  readonly add: (name: string) => void;
}

/** The block without keys that must be given; it and each of its keys may be null. */
function loosenBlock(block: JsonSchema, at: LoosenedAt): JsonSchema {
  const { required: _required, properties, additionalProperties, ...rest } = block;
  const each = Object.entries(properties ?? {}).map(([key, schema]) => [
    key,
    loosen(schema, { ...at, pointer: `${at.pointer}/properties/${key}` }),
  ]);
  const others = { ...at, pointer: `${at.pointer}/additionalProperties` };
  return {
    ...rest,
    ...nullable(block.type),
    ...(properties ? { properties: Object.fromEntries(each) } : {}),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: loosen(additionalProperties, others) }),
  };
}

/** A value that is replaced as a whole (a list, a choice of forms) is only nullable. */
function loosen(schema: JsonSchema | boolean, at: LoosenedAt): JsonSchema | boolean {
  if (typeof schema === "boolean") return schema;
  if (schema.type === "object") return loosenBlock(schema, at);
  const { $ref, ...rest } = schema;
  const name = $ref?.slice(DEFINITIONS.length) ?? "";
  const referred = at.strict[name];
  if (referred?.type === "object") {
    at.add(name);
    return { ...rest, $ref: `${DEFINITIONS}${name}Extension` };
  }
  const value = { ...referred, ...rest };
  const isPlain = typeof value.type === "string" && !("enum" in value) && !("const" in value);
  if (isPlain) return { ...value, ...nullable(value.type) };
  const { description, examples, anyOf, ...shape } = value;
  const pointer = referred ? `${DEFINITIONS}${name}` : at.pointer;
  const forms = anyOf?.map((form, n) =>
    holdsKeys(form) ? { $ref: `${pointer}/anyOf/${n}` } : form,
  );
  return { description, examples, anyOf: [...(forms ?? [shape]), { type: "null" }] };
}

/** zod's type of a JSON Schema knows one type; the standard allows a list of them. */
function nullable(type: JsonSchema["type"]): object {
  return { type: [type, "null"] };
}

/** JSON with one line for each value that declares no keys of the spec. */
function print(value: unknown, indent = 0): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (!holdsKeys(value)) return oneLine(value);
  const open = "\n" + " ".repeat(indent + 2);
  const close = "\n" + " ".repeat(indent);
  const parts = Array.isArray(value)
    ? value.map((item) => print(item, indent + 2))
    : Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}: ${print(item, indent + 2)}`,
      );
  const body = open + parts.join(`,${open}`) + close;
  return Array.isArray(value) ? `[${body}]` : `{${body}}`;
}

/** JSON on one line, with spaces as the formatter writes it. */
function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** Whether keys of the spec are declared in it. */
function holdsKeys(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "properties" in value || Object.values(value).some(holdsKeys);
}
