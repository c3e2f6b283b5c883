import type { ResourceContract } from "../../resources/contract.ts";
import { rulesOf } from "../../resources/contract.ts";
import { diff } from "./diff.ts";
import { initFailed, type PartialState, type RpcError } from "./responses.ts";
import { asImport, comparableOlds, isImport, withoutImportNote } from "./imported.ts";
import { declaredInEither, markSecrets, observedInputs } from "./observed.ts";
import { refusals } from "./refusals.ts";
import { type Call, CreatedPartially, type Known, type ResourceType } from "./plugin.ts";
import { isObject, revealed, type TreeObject, UNKNOWN } from "./property-tree.ts";
import { concealing } from "./redaction.ts";

/** A failure that already contains the state for the engine. */
export class PartialFailure extends Error {
  readonly rpc: RpcError;
  readonly state: PartialState;

  constructor(cause: unknown, state: PartialState) {
    const rpc = initFailed(cause, state);
    super(rpc.message, { cause });
    this.name = "PartialFailure";
    this.rpc = rpc;
    this.state = state;
  }
}

/**
 * The output that marks an incomplete operation in state, until one completes: `why`, and the
 * `inputs` that exist.
 *
 * A refresh drops the engine's own mark, and another change would hide that a deploy is still owed.
 * After a failed update the engine keeps the inputs from before it, so what the update wrote is
 * recorded only here.
 */
const UNFINISHED = "opspecUnfinished";

/** The first sentence of a message; what follows is advice or a log. */
const FIRST_SENTENCE = /^.*?(?=\.(?:\s|$)|\n|$)/s;

/** Whether the last operation on this resource did not complete. */
export function isUnfinished(outputs: TreeObject): boolean {
  return outputs[UNFINISHED] !== undefined;
}

/** The state with the inputs that exist, also after an operation that did not complete. */
export function existing({ inputs, outputs }: Known): Known {
  const mark = outputs[UNFINISHED];
  const written = isObject(mark) ? mark["inputs"] : undefined;
  return { inputs: isObject(written) ? written : inputs, outputs };
}

function reasonOf(outputs: TreeObject): string | undefined {
  const mark = outputs[UNFINISHED];
  const why = isObject(mark) ? mark["why"] : undefined;
  if (typeof why === "string") return why;
  return mark === undefined ? undefined : "it did not complete";
}

/** Creates the resource. After a partial failure the engine keeps what exists. */
export async function createResource<Client>(
  type: ResourceType<Client>,
  news: TreeObject,
  call: Call<Client>,
) {
  try {
    const { id, outputs } = await concealing(call, [news], (it) =>
      type.lifecycle.create(revealed(news), it),
    );
    return { id, outputs: markSecrets(type.contract.outputs, outputs) };
  } catch (error) {
    if (!(error instanceof CreatedPartially)) throw error;
    const known = { inputs: news, outputs: {} };
    throw await halfWay(error, { type, id: error.id, call }, known);
  }
}

/** Updates the resource. After a failure the engine keeps the vendor's current state. */
export async function updateResource<Client>(
  subject: Subject<Client>,
  news: TreeObject,
  state: Known,
): Promise<TreeObject> {
  const { type, id, call } = subject;
  const known = { ...state, inputs: comparableOlds(type.contract, state.inputs, news) };
  const inputs = revealed(news);
  const there = revealedKnown(known);
  const changes = diff(type.contract, there.inputs, inputs);
  const [refused] = refusals(type.contract, there.inputs, inputs);
  if (refused) throw new Error(`${refused.property}: ${refused.reason}`);
  try {
    const wanted = {
      inputs,
      changes,
      isUnfinished: isUnfinished(known.outputs) || changes.length === 0,
      known: there,
    };
    const outputs = await concealing(call, [news, known.inputs, known.outputs], (it) =>
      type.lifecycle.update(id, wanted, it),
    );
    return markSecrets(type.contract.outputs, outputs);
  } catch (error) {
    const declared = declaredInEither(type.contract.inputs, known.inputs, news);
    const kept = isObject(declared) ? declared : news;
    throw await halfWay(error, subject, { inputs: kept, outputs: known.outputs });
  }
}

/** Reads the resource's declared inputs; `undefined` when it does not exist. */
export async function readResource<Client>(subject: Subject<Client>, state: Known) {
  const { type, id, call } = subject;
  const known = { ...state, inputs: withoutImportNote(state.inputs) };
  const observed = await concealing(call, [known.inputs, known.outputs], (it) =>
    type.lifecycle.read(id, it, revealedKnown(known)),
  );
  if (!observed) return undefined;
  const outputs = markSecrets(type.contract.outputs, observed.outputs);
  const inputs = observedInputs(type.contract, observed.inputs, known.inputs);
  const mark = known.outputs[UNFINISHED];
  // What only a read saw may have been mended elsewhere since, so each read decides it again.
  const isSeen = isObject(mark) && mark["isSeen"] === true;
  const left = isSeen ? undefined : reasonOf(known.outputs);
  const why = left ?? observed.unfinished;
  const isImported = Object.keys(state.inputs).length === 0 || isImport(state.inputs);
  return {
    inputs: isImported ? asImport(inputs) : inputs,
    outputs:
      why === undefined
        ? outputs
        : { ...outputs, [UNFINISHED]: { why, ...(left === undefined && { isSeen: true }) } },
  };
}

/** Deletes the resource; a missing one is success. */
export async function removeResource<Client>(
  { type, id, call }: Subject<Client>,
  known: Known,
): Promise<void> {
  await concealing(call, [known.inputs, known.outputs], (it) =>
    type.lifecycle.remove(id, it, revealedKnown(known)),
  );
}

/** The outputs of a preview: unknown for a new resource, the old ones where they stay. */
export function previewOutputs(contract: ResourceContract, olds?: TreeObject): TreeObject {
  return Object.fromEntries(
    Object.entries(contract.outputs.shape).map(([key, schema]) => {
      const old = olds?.[key];
      return [key, old === undefined || rulesOf(schema).volatile ? UNKNOWN : old];
    }),
  );
}

/** An existing resource during an operation. */
export interface Subject<Client> {
  readonly type: ResourceType<Client>;
  readonly id: string;
  readonly call: Call<Client>;
}

function revealedKnown(known: Known): Known {
  return { inputs: revealed(known.inputs), outputs: revealed(known.outputs) };
}

/**
 * The inputs that the engine keeps after a failure: those that exist, or the declared ones when
 * that is unknown.
 */
async function halfWay<Client>(
  error: unknown,
  subject: Subject<Client>,
  declared: Known,
): Promise<PartialFailure> {
  const { inputs, outputs } = (await readIfPossible(subject, declared)) ?? declared;
  const message = error instanceof Error ? error.message : String(error);
  const why = FIRST_SENTENCE.exec(message)?.[0] ?? message;
  const mark = { why, inputs: withoutImportNote(inputs) };
  const state = { id: subject.id, inputs, outputs: { ...outputs, [UNFINISHED]: mark } };
  return new PartialFailure(error, state);
}

async function readIfPossible<Client>(subject: Subject<Client>, declared: Known) {
  try {
    return await readResource(subject, declared);
  } catch {
    return undefined;
  }
}
