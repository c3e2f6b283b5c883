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
   * Makes what the resources call the vendor with. Called with checked, revealed configuration, and
   * with what shows a line beside the stack.
   */
  configure(config: TreeObject, notice: (message: string) => void): Client;
  /** What no message may show besides the secrets of a resource, such as an API key. */
  secretsOf?(client: Client): readonly string[];
  /** Adds what the plugin itself knows, so that state says it. */
  completeConfig?(config: TreeObject): TreeObject;
  /** Why a changed configuration must not be used with the state made by the old one. */
  refuseChange?(olds: TreeObject, news: TreeObject): string | undefined;
  readonly resources: readonly ResourceType<Client>[];
}

/** A contract together with the functions that carry it out. */
export interface ResourceType<Client> {
  readonly contract: ResourceContract;
  readonly lifecycle: Lifecycle<Client>;
}

/** What every function of a resource is given besides its inputs. */
export interface Call<Client> {
  readonly client: Client;
  readonly urn: string;
  /** Ends when the engine cancels or the resource's own time is up. */
  readonly signal: AbortSignal;
  /** What no message may show besides the secrets of the resource itself, such as an API key. */
  readonly secrets: () => readonly string[];
  /** Shows a passing line beside the resource while it is being worked on. */
  readonly progress: (message: string) => void;
}

/** What exists, as a vendor answers. `undefined` from a read means that it is gone. */
export interface Observed<C extends ResourceContract> {
  readonly inputs: Partial<InputsOf<C>>;
  readonly outputs: OutputsOf<C>;
  /** The vendor shows that a run got half-way, also one that was killed and could save nothing. */
  readonly isUnfinished?: boolean;
}

/** The plain functions behind a contract: observe, create, update, remove. */
export interface Implementation<C extends ResourceContract, Client> {
  create(inputs: InputsOf<C>, call: Call<Client>): Promise<{ id: string; outputs: OutputsOf<C> }>;
  /** `known` is the state that the engine holds; empty when the resource is being imported. */
  read(id: string, call: Call<Client>, known: Known): Promise<Observed<C> | undefined>;
  /** Where the last run got half-way, everything that it may have missed is done again. */
  update(id: string, wanted: Wanted<C>, call: Call<Client>): Promise<OutputsOf<C>>;
  /** Not found is success. */
  remove(id: string, call: Call<Client>, known: Known): Promise<void>;
  /**
   * Told what an existing resource is wanted to be, in every run and before anything that depends on
   * it is worked on, also when it does not change. Values may be unknown.
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
  /** The last run got half-way: what it wrote is known, what it started, such as a deploy, is not. */
  readonly isUnfinished: boolean;
  readonly known: Known;
}

/** The engine-facing form of an implementation: trees in, trees out. */
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
  readonly isUnfinished?: boolean;
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
 * Inputs are parsed here, once; the implementation trusts them.
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
 * A create that got half-way: the resource exists, and something after that failed.
 *
 * The engine then keeps what exists in state, so that nothing is orphaned and the next run goes on from there.
 */
export class CreatedPartially extends Error {
  readonly id: string;

  constructor(id: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "CreatedPartially";
    this.id = id;
  }
}
