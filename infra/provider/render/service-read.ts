import { diff } from "../kit/diff.ts";
import { observedInputs } from "../kit/observed.ts";
import type { Known } from "../kit/plugin.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { isGone, type Json, type JsonObject, memberAt } from "./answer.ts";
import { defined } from "./body-fields.ts";
import { ENV_VARS, readTexts } from "./keyed-values.ts";
import { isDeployOwed, withoutPluginKeys } from "./deploy.ts";
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
 * What the service is now; `undefined` when it is gone.
 *
 * Only declared collections are asked for. A deploy is owed by whoever wrote what it deploys, and a
 * field that was written is another than state has, or has still to be written: so the note of an
 * owed deploy is looked for where the variables are read anyway, and where there is a difference.
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
  // Render changes the number by load: what was declared counts again when it stops.
  if (isAutoscaled(service)) inputs["numInstances"] = (known.inputs as JsonObject)["numInstances"];
  const mayOwe = imported || ownsItems(known.inputs["env"]) || hasDrift(kind, inputs, known);
  const variables = mayOwe ? await readTexts(ENV_VARS, place) : {};
  if (imported) inputs["env"] = withoutPluginKeys(variables);
  const isUnfinished = isDeployOwed(variables, "service");
  return { inputs: defined(inputs), outputs: kind.outputs(service), isUnfinished };
}

/** The declared parts that the service's own answer does not tell; on an import, all of them. */
async function readParts(place: ServiceTarget, kind: ServiceKind, known: Known) {
  const imported = Object.keys(known.inputs).length === 0;
  const parts: Record<string, Json | undefined> = {};
  for (const { input, read, isShared } of partsOf(kind)) {
    const declared = known.inputs[input] as Json | undefined;
    if (!read || (!imported && declared === undefined)) continue;
    // Of what others share, nothing is ours where nothing is declared: there is nothing to ask for.
    const isEmpty = isShared && !imported && !ownsItems(declared);
    parts[input] = isEmpty ? declared : await read(place, declared);
  }
  return parts;
}

/** Is any item of a list, or any text of a collection, declared? */
function ownsItems(declared: unknown): boolean {
  return typeof declared === "object" && declared !== null && Object.keys(declared).length > 0;
}

function hasDrift({ contract }: ServiceKind, inputs: JsonObject, known: Known): boolean {
  const observed = observedInputs(contract, defined(inputs) as TreeObject, known.inputs);
  return diff(contract, known.inputs, observed).length > 0;
}

/** From the workspace's list, which all reads of a run share; what is not in it is asked for by id. */
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
