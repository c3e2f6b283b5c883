import { z } from "zod";
import { StackSpec } from "../../infra/spec/stack.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/**
 * The JSON Schema of a spec, for completion and hover in an editor. The parser says more: what a
 * pattern cannot, and every rule of meaning.
 *
 * Draft 7 is what the editors' YAML servers understand best. A spec that extends another may leave
 * out whatever the other has and take keys out with null, so it has a looser schema of its own.
 */
export function renderSpecSchema(): string {
  const { $schema, definitions, ...spec } = z.toJSONSchema(StackSpec, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
  });
  const schema = {
    $schema,
    title: "Opspec stack",
    description: spec.description,
    type: "object",
    if: { required: ["extends"] },
    // oxlint-disable-next-line unicorn/no-thenable -- The keyword of JSON Schema is called so.
    then: { $ref: "#/definitions/extension" },
    else: { $ref: "#/definitions/stack" },
    definitions: {
      ...(typeof definitions === "object" ? definitions : {}),
      stack: spec,
      extension: loosen(spec),
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The same with every key optional and nullable. */
function loosen(schema: JsonSchema): object {
  const { properties, additionalProperties } = schema;
  return {
    ...schema,
    required: undefined,
    ...(properties ? { properties: loosenEach(properties) } : {}),
    ...(additionalProperties ? { additionalProperties: loosenValue(additionalProperties) } : {}),
  };
}

function loosenEach(properties: NonNullable<JsonSchema["properties"]>): object {
  const entries = Object.entries(properties).map(([key, value]) => [key, loosenValue(value)]);
  return Object.fromEntries(entries);
}

/** What is replaced as a whole is only nullable: lists, and values that have several forms. */
function loosenValue(value: JsonSchema | boolean): unknown {
  if (typeof value === "boolean") return value;
  if (value.type === "object") return { ...loosen(value), type: ["object", "null"] };
  const isPlain = typeof value.type === "string" && !("enum" in value) && !("const" in value);
  if (isPlain) return { ...value, type: [value.type, "null"] };
  const { description, examples, ...shape } = value;
  return { description, examples, anyOf: [...(shape.anyOf ?? [shape]), { type: "null" }] };
}
