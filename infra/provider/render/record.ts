import { diff } from "../kit/diff.ts";
import {
  CreatedPartially,
  type Known,
  type ResourceType,
  type Wanted,
  implement,
} from "../kit/plugin.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { type Json, type JsonObject, isGone, memberAt } from "./answer.ts";
import { bodyOf, clearingOf, defined, inputsOf, isPatchable } from "./body-fields.ts";
import type { RenderClient } from "./client.ts";
import { findOrPost, idOf } from "./find-or-post.ts";
import { moveToEnvironment } from "./environment-member.ts";
import { recordCreation } from "./record-creation.ts";
import type { RenderCall } from "./service-place.ts";
import type { RecordContract, RecordKind } from "./record-kind.ts";

/** The implementation of a kind of record. */
export function recordType(kind: RecordKind): ResourceType<RenderClient> {
  return implement<RecordContract, RenderClient>(kind.contract, recordLifecycle(kind));
}

/** The implementation of a kind with additions. */
export function recordLifecycle(kind: RecordKind) {
  return {
    create: (inputs: JsonObject, call: RenderCall) => createRecord(kind, inputs, call),
    read: (id: string, call: RenderCall, known: Known) => readRecord({ kind, id, call }, known),
    update: (id: string, wanted: WantedRecord, call: RenderCall) =>
      updateRecord({ kind, id, call }, wanted),
    remove: async (id: string, call: RenderCall) => {
      const { client, urn, signal } = call;
      await client.delete(`${kind.path}/${id}`, `delete ${kind.noun} ${id}`, signal);
      client.journal.end(urn);
    },
  };
}

/** An existing record and the current call. */
interface ExistingRecord {
  readonly kind: RecordKind;
  readonly id: string;
  readonly call: RenderCall;
}

type WantedRecord = Wanted<RecordContract>;

const NOTHING_KNOWN: Known = { inputs: {}, outputs: {} };

async function createRecord(kind: RecordKind, inputs: JsonObject, call: RenderCall) {
  const outcome = await findOrPost(recordCreation(kind, inputs, call), call);
  const id = "made" in outcome ? outcome.made : idOf(outcome.found);
  const existing = { kind, id, call };
  try {
    if ("found" in outcome) await syncRecord(existing, inputs, NOTHING_KNOWN);
    await kind.settle?.(id, call);
    const made = { id, inputs, known: NOTHING_KNOWN, isRead: false };
    return { id, outputs: await kind.outputs(made, call) };
  } catch (error) {
    throw new CreatedPartially(id, error);
  }
}

async function updateRecord(
  existing: ExistingRecord,
  { inputs, known }: WantedRecord,
): Promise<JsonObject> {
  const { kind, id, call } = existing;
  const wanted: JsonObject = { ...inputs };
  await syncRecord(existing, wanted, known);
  await kind.settle?.(id, call);
  return kind.outputs({ id, inputs: wanted, known, isRead: false }, call);
}

async function readRecord(existing: ExistingRecord, known: Known) {
  const { kind, id, call } = existing;
  const record = await findRecord(existing, known);
  if (record === undefined) {
    // A later record with this name is not from that create.
    call.client.journal.end(call.urn);
    return undefined;
  }
  const isImported = Object.keys(known.inputs).length === 0;
  const inputs = await observedInputs(existing, { record, known, isImported });
  const outputs = await kind.outputs({ id, inputs, known, isRead: !isImported }, call);
  return { inputs, outputs };
}

/** Updates an existing record; only differences are written. */
async function syncRecord(
  existing: ExistingRecord,
  inputs: JsonObject,
  known: Known,
): Promise<void> {
  const { kind, id, call } = existing;
  const record = await getRecord(existing);
  const declared = { inputs: { ...known.inputs, ...(inputs as TreeObject) }, outputs: {} };
  const observed = await observedInputs(existing, { record, known: declared, isImported: false });
  await patchRecord(existing, { inputs, known, observed });
  if ("environmentId" in kind.fields) {
    await moveToEnvironment(call, {
      id,
      current: memberAt(record, ["environmentId"]),
      wanted: inputs["environmentId"],
      old: known.inputs["environmentId"] as Json | undefined,
      unlink: async () => kind.unlink?.(record, call),
    });
  }
  await kind.sync?.({ id, inputs, old: known.inputs as JsonObject }, call);
}

async function patchRecord(
  { kind, id, call }: ExistingRecord,
  { inputs, known, observed }: { inputs: JsonObject; known: Known; observed: JsonObject },
): Promise<void> {
  const { contract, fields } = kind;
  const patchable = defined(
    Object.fromEntries(Object.entries(inputs).filter(([key]) => isPatchable(fields, key))),
  );
  const differs = (key: string): boolean => {
    const [there, wanted] = [observed, patchable].map(
      (it) => defined({ [key]: it[key] }) as TreeObject,
    );
    return diff(contract, there ?? {}, wanted ?? {}).length > 0;
  };
  const changed = Object.keys(patchable).filter(differs);
  const dropped = Object.keys(known.inputs).filter(
    (key) => patchable[key] === undefined && observed[key] !== undefined,
  );
  const clearing = clearingOf(fields, dropped);
  if (changed.length === 0 && Object.keys(clearing).length === 0) return;
  const sent = kind.patchesAll
    ? patchable
    : Object.fromEntries(changed.map((key) => [key, patchable[key]]));
  await call.client.request({
    method: "PATCH",
    path: `${kind.path}/${id}`,
    body: bodyOf(fields, sent, { purpose: "patch", base: clearing }),
    doing: `change ${kind.noun} "${String(inputs["name"])}"`,
    signal: call.signal,
  });
}

async function observedInputs(
  { kind, call }: ExistingRecord,
  { record, known, isImported }: { record: Json; known: Known; isImported: boolean },
): Promise<JsonObject> {
  const inputs = inputsOf(kind.fields, record);
  const observed = await kind.observe?.({ record, inputs, known, isImported }, call);
  return defined(observed ?? inputs);
}

async function getRecord({ kind, id, call }: ExistingRecord): Promise<Json> {
  const path = `${kind.path}/${id}`;
  const doing = `read ${kind.noun} ${id}`;
  return (await call.client.request({ method: "GET", path, doing, signal: call.signal })).body;
}

/**
 * Reads it from the list that all reads of an operation share, or by id when it is missing there.
 */
async function findRecord(existing: ExistingRecord, known: Known): Promise<Json | undefined> {
  const { kind, id, call } = existing;
  const place = known.inputs[kind.scope];
  if (typeof place === "string") {
    const path = `${kind.path}?${kind.scope}=${place}`;
    const records = await call.client.sharedList(path, kind.listNoun, call.signal);
    const found = records.find((it) => memberAt(it, ["id"]) === id);
    if (found !== undefined) return found;
  }
  try {
    return await getRecord(existing);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
