import { diff } from "../kit/diff.ts";
import { observedInputs } from "../kit/observed.ts";
import type { Known } from "../kit/plugin.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { isGone, type Json, type JsonObject, memberAt } from "./answer.ts";
import { defined } from "./body-fields.ts";
import { ENV_VARS, readTexts } from "./keyed-values.ts";
import { failedDeploy, owedReason, withoutPluginKeys } from "./deploy.ts";
import { isAutoscaled } from "./scale.ts";
import { observedBody, partsOf } from "./service-parts.ts";
import {
  type ExistingService,
  getService,
  placeOf,
  type ServiceKind,
  type ServiceTarget,
} from "./service-place.ts";

/**
 * Reads the service; `undefined` when it does not exist.
 *
 * Only declared collections are read. The mark of an owed deploy is checked when the variables are
 * read anyway, and when a field differs from the state, because only an operation that wrote a
 * field can owe a deploy.
 */
export async function readService(existing: ExistingService, known: Known) {
  const { kind } = existing;
  const service = await findService(existing, known);
  if (service === undefined) return undefined;
  const place = { ...placeOf(existing), service };
  const imported = Object.keys(known.inputs).length === 0;
  const inputs: Record<string, Json | undefined> = {
    ...observedBody(kind, service),
    ...(await readParts(place, kind, known)),
  };
  // Autoscaling changes the number; the declared one applies again when autoscaling is off.
  if (isAutoscaled(service)) inputs["numInstances"] = (known.inputs as JsonObject)["numInstances"];
  const mayOwe = imported || ownsItems(known.inputs["env"]) || hasDrift(kind, inputs, known);
  const variables = mayOwe ? await readTexts(ENV_VARS, place) : {};
  if (imported) inputs["env"] = withoutPluginKeys(variables);
  const unfinished = owedReason(variables, "service") ?? (await failedDeploy(place));
  return { inputs: defined(inputs), outputs: kind.outputs(service), unfinished };
}

/** The declared parts that the service's answer does not contain; on an import, all of them. */
async function readParts(place: ServiceTarget, kind: ServiceKind, known: Known) {
  const imported = Object.keys(known.inputs).length === 0;
  const parts: Record<string, Json | undefined> = {};
  for (const { input, read, isShared } of partsOf(kind)) {
    const declared = known.inputs[input] as Json | undefined;
    if (!read || (!imported && declared === undefined)) continue;
    // A shared part without declared items has nothing to read.
    const isEmpty = isShared && !imported && !ownsItems(declared);
    parts[input] = isEmpty ? declared : await read(place, declared);
  }
  return parts;
}

/** Whether any item of a list or collection is declared. */
function ownsItems(declared: unknown): boolean {
  return typeof declared === "object" && declared !== null && Object.keys(declared).length > 0;
}

function hasDrift({ contract }: ServiceKind, inputs: JsonObject, known: Known): boolean {
  const observed = observedInputs(contract, defined(inputs) as TreeObject, known.inputs);
  return diff(contract, known.inputs, observed).length > 0;
}

/**
 * Reads it from the workspace's list that all reads of an operation share, or by id when it is
 * missing there.
 */
async function findService(existing: ExistingService, known: Known): Promise<Json | undefined> {
  const { id, call } = existing;
  const owner = known.inputs["ownerId"];
  if (typeof owner === "string") {
    const path = `/services?ownerId=${owner}`;
    const services = await call.client.sharedList(path, "service", call.signal);
    const found = services.find((it) => memberAt(it, ["id"]) === id);
    if (found !== undefined) return found;
  }
  try {
    return await getService(placeOf(existing));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
