import type { ResourceContract } from "../../resources/contract.ts";
import { rulesOf } from "../../resources/contract.ts";
import { diff } from "./diff.ts";
import { initFailed, type RpcError } from "./failures.ts";
import { markOutputs, observedInputs } from "./observed.ts";
import { type Call, CreatedPartially, type Known, type ResourceType } from "./plugin.ts";
import { isObject, reveal, type TreeObject, UNKNOWN } from "./property-tree.ts";

/** A failure that already carries what the engine must keep. */
export class PartialFailure extends Error {
  readonly rpc: RpcError;

  constructor(rpc: RpcError) {
    super(rpc.message);
    this.name = "PartialFailure";
    this.rpc = rpc;
  }
}

/** Creates the resource; what exists after a failure half-way is kept. */
export async function createResource<Client>(
  type: ResourceType<Client>,
  news: TreeObject,
  call: Call<Client>,
) {
  try {
    const { id, outputs } = await type.lifecycle.create(revealed(news), call);
    return { id, outputs: markOutputs(type.contract, outputs) };
  } catch (error) {
    if (!(error instanceof CreatedPartially)) throw error;
    const known = { inputs: news, outputs: {} };
    throw new PartialFailure(
      initFailed(error, await whatExists({ type, id: error.id, call }, known)),
    );
  }
}

/** Updates the resource; after a failure the engine keeps what the vendor now has. */
export async function updateResource<Client>(
  subject: Subject<Client>,
  news: TreeObject,
  known: Known,
): Promise<TreeObject> {
  const { type, id, call } = subject;
  const changes = diff(type.contract, revealed(known.inputs), revealed(news));
  try {
    const wanted = { inputs: revealed(news), changes, known: revealedKnown(known) };
    return markOutputs(type.contract, await type.lifecycle.update(id, wanted, call));
  } catch (error) {
    const existing = await whatExists(subject, { inputs: news, outputs: known.outputs }).catch(
      () => ({
        id,
        ...known,
      }),
    );
    throw new PartialFailure(initFailed(error, existing));
  }
}

/** Reads the resource: its declared inputs as they are now, or `undefined` when it is gone. */
export async function readResource<Client>(subject: Subject<Client>, known: Known) {
  const { type, id, call } = subject;
  const observed = await type.lifecycle.read(id, call, revealedKnown(known));
  if (!observed) return undefined;
  return {
    inputs: observedInputs(type.contract, observed.inputs, known.inputs),
    outputs: markOutputs(type.contract, observed.outputs),
  };
}

/** The outputs that a preview shows: unknown for what does not exist yet, the old ones where they stay. */
export function previewOutputs(contract: ResourceContract, olds?: TreeObject): TreeObject {
  return Object.fromEntries(
    Object.entries(contract.outputs.shape).map(([key, schema]) => {
      const old = olds?.[key];
      return [key, old === undefined || rulesOf(schema).volatile ? UNKNOWN : old];
    }),
  );
}

/** An existing resource that is being worked on. */
export interface Subject<Client> {
  readonly type: ResourceType<Client>;
  readonly id: string;
  readonly call: Call<Client>;
}

/** The inputs or outputs with their secrets opened, for the eyes of the vendor only. */
export function revealed(tree: TreeObject): TreeObject {
  const plain = reveal(tree);
  return isObject(plain) ? plain : {};
}

function revealedKnown(known: Known): Known {
  return { inputs: revealed(known.inputs), outputs: revealed(known.outputs) };
}

async function whatExists<Client>(subject: Subject<Client>, known: Known) {
  const existing = await readResource(subject, known);
  return { id: subject.id, ...(existing ?? known) };
}
