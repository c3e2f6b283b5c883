import { z } from "zod";

/**
 * The rules of a field beyond its shape.
 *
 * The plugin's schema, diff and reads are derived from them.
 */
export interface FieldRules {
  readonly description: string;
  /** The vendor cannot change this field in place; the reason is shown to reviewers. */
  readonly replaces?: string;
  /** Always secret, even if the program does not mark it. */
  readonly secret?: boolean;
  /** Made secret on import, because the vendor does not mark secret values. */
  readonly secretOnImport?: boolean;
  /** An output that may change when the resource is updated; all others keep their value. */
  readonly volatile?: boolean;
  /** The vendor's spelling of a value: two values are equal when their normal forms are. */
  readonly normalise?: (value: string) => string;
  /** A list whose order is not significant. */
  readonly unordered?: boolean;
  /** A list that others also change: only declared items are managed; the others are ignored. */
  readonly ownsItems?: boolean;
  /** Whether the vendor's value is the declared text with an appended suffix. */
  readonly completed?: (declared: string, reported: string) => boolean;
  /** The vendor never returns it. A read keeps the last applied value, and an import has none. */
  readonly unread?: boolean;
  /** An import cannot compare it with the program's value, so the next up sets it. */
  readonly setOnImport?: boolean;
  /**
   * Read only by this program, such as a consent: never sent, never drift, and a change has no
   * effect.
   */
  readonly uncompared?: boolean;
  /** The data that a change or removal loses, in words. It then needs `allowDataLoss: true`. */
  readonly loses?: string;
  /** Why the number may not decrease. */
  readonly onlyGrows?: string;
}

const rules = z.registry<FieldRules>();

/** Gives a field its rules. Must be the last call on the schema: `optional()` makes a new one without them. */
export function field<S extends z.ZodType>(schema: S, fieldRules: FieldRules): S {
  rules.add(schema, fieldRules);
  return schema;
}

/** The rules of a field; empty for a part that has none of its own. */
export function rulesOf(schema: z.ZodType): Partial<FieldRules> {
  return rules.get(schema) ?? {};
}

/** A resource type: its inputs, its outputs and the effect of each change. */
export interface ResourceContract<
  Inputs extends z.ZodObject = z.ZodObject,
  Outputs extends z.ZodObject = z.ZodObject,
> {
  /** Pulumi's type token, for example `render:index:WebService`. */
  readonly token: `${string}:index:${string}`;
  readonly description: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** Names are unique at the vendor, so a replacement deletes first. */
  readonly deleteBeforeReplace?: boolean;
  /**
   * The data that a replacement or deletion loses, in words; it then needs consent. `undefined`
   * when these inputs hold none.
   */
  readonly holds?: (inputs: Readonly<Record<string, unknown>>) => string | undefined;
}

/** A provider's configuration. */
export interface ProviderContract<Inputs extends z.ZodObject = z.ZodObject> {
  /** Package name: the plugin is `pulumi-resource-<name>`. */
  readonly name: string;
  readonly description: string;
  readonly inputs: Inputs;
}

export type InputsOf<C extends { inputs: z.ZodObject }> = z.infer<C["inputs"]>;
export type OutputsOf<C extends ResourceContract> = z.infer<C["outputs"]>;
