import type {
  InputsOf,
  OutputsOf,
  ProviderContract,
  ResourceContract,
} from "../../resources/contract.ts";
import type { Change } from "./diff.ts";
import type { TreeObject } from "./property-tree.ts";

/** A plugin: one provider, its configuration and its resource types. */
export interface PluginDefinition<Client> {
  readonly provider: ProviderContract;
  readonly version: string;
  /**
   * Creates the client of the vendor's API from validated, revealed configuration and the stack's
   * log.
   */
  configure(config: TreeObject, notice: (message: string) => void): Client;
  /** Secrets that no message may show besides those of a resource, such as an API key. */
  secretsOf?(client: Client): readonly string[];
  /** Adds configuration that the plugin knows, so that it is stored in state. */
  completeConfig?(config: TreeObject): TreeObject;
  /** Why the new configuration must not be used with the state of the old one. */
  refuseChange?(olds: TreeObject, news: TreeObject): string | undefined;
  readonly resources: readonly ResourceType<Client>[];
}

/** A contract with its implementation. */
export interface ResourceType<Client> {
  readonly contract: ResourceContract;
  readonly lifecycle: Lifecycle<Client>;
}

/** The context of every function of a resource. */
export interface Call<Client> {
  readonly client: Client;
  readonly urn: string;
  /** Aborted when the engine cancels or the resource's time limit ends. */
  readonly signal: AbortSignal;
  /** Secrets that no message may show besides those of the resource, such as an API key. */
  readonly secrets: () => readonly string[];
  /** Shows a transient status line beside the resource. */
  readonly progress: (message: string) => void;
}

/** The resource as the vendor returns it. `undefined` from a read means that it does not exist. */
export interface Observed<C extends ResourceContract> {
  readonly inputs: Partial<InputsOf<C>>;
  readonly outputs: OutputsOf<C>;
  /**
   * Why an operation did not complete, as the vendor shows it, even if a killed one could not save
   * that.
   */
  readonly unfinished?: string | undefined;
}

/** The functions of a contract: create, read, update, remove. */
export interface Implementation<C extends ResourceContract, Client> {
  create(inputs: InputsOf<C>, call: Call<Client>): Promise<{ id: string; outputs: OutputsOf<C> }>;
  /** `known` is the engine's state; empty for an import. */
  read(id: string, call: Call<Client>, known: Known): Promise<Observed<C> | undefined>;
  /** After an incomplete operation, everything that it may have missed is repeated. */
  update(id: string, wanted: Wanted<C>, call: Call<Client>): Promise<OutputsOf<C>>;
  /** Not found is success. */
  remove(id: string, call: Call<Client>, known: Known): Promise<void>;
  /**
   * Called in every operation with the wanted inputs of an existing resource, before its dependents
   * are processed, even if it does not change. Values may be unknown.
   */
  announce?(id: string, inputs: TreeObject, client: Client): void;
}

export interface Known {
  readonly inputs: TreeObject;
  readonly outputs: TreeObject;
}

export interface Wanted<C extends ResourceContract> {
  readonly inputs: InputsOf<C>;
  readonly changes: readonly Change[];
  /**
   * The last operation did not complete: what it wrote is known, but not what it started, such as a
   * deploy.
   */
  readonly isUnfinished: boolean;
  readonly known: Known;
}

/** The engine's view of an implementation: property trees in, property trees out. */
export interface Lifecycle<Client> {
  create(inputs: TreeObject, call: Call<Client>): Promise<{ id: string; outputs: TreeObject }>;
  read(id: string, call: Call<Client>, known: Known): Promise<ObservedTree | undefined>;
  update(id: string, wanted: WantedTree, call: Call<Client>): Promise<TreeObject>;
  remove(id: string, call: Call<Client>, known: Known): Promise<void>;
  announce?(id: string, inputs: TreeObject, client: Client): void;
}

export interface ObservedTree {
  readonly inputs: TreeObject;
  readonly outputs: TreeObject;
  readonly unfinished?: string | undefined;
}

export interface WantedTree {
  readonly inputs: TreeObject;
  readonly changes: readonly Change[];
  readonly isUnfinished: boolean;
  readonly known: Known;
}

/**
 * Binds an implementation to its contract.
 *
 * Inputs are parsed here, once; the implementation relies on them.
 */
export function implement<C extends ResourceContract, Client>(
  contract: C,
  implementation: Implementation<C, Client>,
): ResourceType<Client> {
  const parse = (inputs: TreeObject): InputsOf<C> => contract.inputs.parse(inputs) as InputsOf<C>;
  return {
    contract,
    lifecycle: {
      create: async (inputs, call) => {
        const { id, outputs } = await implementation.create(parse(inputs), call);
        return { id, outputs: outputs as TreeObject };
      },
      read: async (id, call, known) =>
        (await implementation.read(id, call, known)) as ObservedTree | undefined,
      update: async (id, { inputs, ...wanted }, call) =>
        (await implementation.update(id, { inputs: parse(inputs), ...wanted }, call)) as TreeObject,
      remove: (id, call, known) => implementation.remove(id, call, known),
      announce: (id, inputs, client) => implementation.announce?.(id, inputs, client),
    },
  };
}

/**
 * A create that failed after the resource was created.
 *
 * The engine keeps the resource in state, so that it is not orphaned and the next operation
 * continues.
 */
export class CreatedPartially extends Error {
  readonly id: string;

  constructor(id: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "CreatedPartially";
    this.id = id;
  }
}
