import type { z } from "zod";
import { rulesOf } from "../../resources/contract.ts";
import { isCompleted } from "../kit/observed.ts";
import { type Json, type JsonObject, memberAt } from "./answer.ts";
import { bodyOf, inputsOf } from "./body-fields.ts";
import { type Creation, idOf } from "./find-or-post.ts";
import type { RenderCall } from "./service-place.ts";
import type { RecordKind } from "./record-kind.ts";

/** Render's clock is known to the second, so a resource of that second counts. */
const CLOCK_STEP_MS = 1000;

/** Inputs that define the place of a record, not its identity. */
const NOT_COMPARED: ReadonlySet<string> = new Set(["ownerId", "projectId", "environmentId"]);

/**
 * Finds or creates a record.
 *
 * The proof that one is ours is the kind's own proof, or the create journal: our create started
 * when nothing with the name existed, and this record was created later with every field that only
 * a create sets.
 */
export function recordCreation(
  kind: RecordKind,
  inputs: JsonObject,
  call: RenderCall,
): Creation<string> {
  const mismatch = (record: Json): string | undefined => mismatchOf(kind, inputs, record);
  return {
    noun: kind.noun,
    optionsKey: kind.optionsKey,
    name: String(inputs["name"]),
    adopt: inputs["adopt"] === true,
    namesakes: () => namesakesOf(kind, inputs, { call }),
    isOurs: async (record) => {
      if (kind.isOurs && (await kind.isOurs(record, call))) return true;
      const begun = call.client.journal.begunAt(call.urn);
      if (!begun || mismatch(record) !== undefined) return false;
      const since = await namesakesOf(kind, inputs, { call, createdAfter: begun });
      return since.some((it) => idOf(it) === idOf(record));
    },
    mismatch,
    post: () => post(kind, inputs, call),
  };
}

/** The records of this kind, name and place. */
export async function namesakesOf(
  { path, listNoun, scope }: RecordKind,
  inputs: JsonObject,
  { call, createdAfter }: { call: RenderCall; createdAfter?: Date },
): Promise<readonly Json[]> {
  const name = String(inputs["name"]);
  const query = new URLSearchParams({
    name,
    [scope]: String(inputs[scope]),
    ...(createdAfter && { createdAfter: createdAfter.toISOString() }),
  });
  const records = await call.client.list(`${path}?${query}`, listNoun, call.signal);
  return records.filter((it) => memberAt(it, ["name"]) === name);
}

/** Why a record cannot be changed to the wanted one without a replacement. */
function mismatchOf(kind: RecordKind, inputs: JsonObject, record: Json): string | undefined {
  const observed = inputsOf(kind.fields, record);
  const compared = Object.entries(kind.fields).filter(
    ([key, field]) => field.createOnly && !field.isReadApart && !NOT_COMPARED.has(key),
  );
  const mismatches = compared
    .map(([key]) => {
      const [wanted, is] = [inputs[key], observed[key]];
      return wanted === undefined || isMet(kind, key, { wanted, is })
        ? undefined
        : `its ${key} is ${JSON.stringify(is)} and not ${JSON.stringify(wanted)}`;
    })
    .filter((it) => it !== undefined);
  return mismatches.length > 0 ? mismatches.join(", ") : undefined;
}

function isMet(
  { contract }: RecordKind,
  key: string,
  { wanted, is }: { wanted: Json; is: Json | undefined },
): boolean {
  const shape: Readonly<Record<string, z.ZodType>> = contract.inputs.shape;
  const schema = shape[key];
  const rules = schema ? rulesOf(schema) : {};
  return wanted === is || isCompleted(rules, wanted, is);
}

async function post(kind: RecordKind, inputs: JsonObject, call: RenderCall): Promise<string> {
  const { client, urn, signal } = call;
  client.journal.begin(urn, new Date(client.clock.getTime() - CLOCK_STEP_MS));
  const base = kind.bodyOfNew?.(inputs, urn) ?? {};
  const { body } = await client.request({
    method: "POST",
    path: kind.path,
    body: bodyOf(kind.fields, inputs, { purpose: "create", base }),
    doing: `create ${kind.noun} "${String(inputs["name"])}"`,
    signal,
  });
  return idOf(body);
}
