import { z } from "zod";

/**
 * What a field means to the engine, beyond its shape.
 *
 * The plugin's schema, its diff and its reads are all derived from these.
 */
export interface FieldRules {
  readonly description: string;
  /** The vendor cannot change this field in place; the reason is shown to reviewers. */
  readonly replaces?: string;
  /** Always secret, also where the program did not say so. */
  readonly secret?: boolean;
  /** Made secret when the resource is imported: the vendor cannot tell which of the values are secret. */
  readonly secretOnImport?: boolean;
  /** An output that may change when the resource is updated; all others keep their value. */
  readonly volatile?: boolean;
  /** The vendor's spelling of a value: two values are equal when their normal forms are. */
  readonly normalise?: (value: string) => string;
  /** A list whose order means nothing: it differs by what is in it. */
  readonly unordered?: boolean;
  /** A list in which others have items too: only the declared ones are ours, and of the rest nothing is seen. */
  readonly ownsItems?: boolean;
  /** Is what the vendor tells the declared text with something of its own appended? */
  readonly completed?: (declared: string, told: string) => boolean;
  /** The vendor never tells it: a read keeps what was applied last, and an import has none. */
  readonly unread?: boolean;
  /** Nobody can tell on an import whether it is what the program declares, and it matters: so it is set. */
  readonly setOnImport?: boolean;
  /** Read by this program alone, such as a consent: never sent, never drift, and a change of it changes nothing. */
  readonly uncompared?: boolean;
  /** What a change or removal of this field loses, in words. It then needs `allowDataLoss: true`. */
  readonly loses?: string;
  /** Why the number may not become smaller. */
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

/** A resource type: what goes in, what comes out, and how a change is carried out. */
export interface ResourceContract<
  Inputs extends z.ZodObject = z.ZodObject,
  Outputs extends z.ZodObject = z.ZodObject,
> {
  /** Pulumi's type token, for example `render:index:WebService`. */
  readonly token: `${string}:index:${string}`;
  readonly description: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** The vendor refuses a second one of the same name, so a replacement deletes first. */
  readonly deleteBeforeReplace?: boolean;
  /** What a replacement or deletion loses, in words; `undefined` when these inputs keep nothing. It then needs consent. */
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
