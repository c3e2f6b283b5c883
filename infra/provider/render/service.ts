import { CreatedPartially, type Wanted } from "../kit/plugin.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { type Json, type JsonObject, isGone, memberAt, textOf } from "./answer.ts";
import { bodyOf } from "./body-fields.ts";
import type { RenderClient } from "./client.ts";
import {
  type DeploySubject,
  deploy,
  forgetOwedDeploy,
  owingDeploy,
  waitForDeploy,
} from "./deploy.ts";
import { type Creation, findOrPost, idOf } from "./find-or-post.ts";
import { textsOf } from "./keyed-values.ts";
import { MARKER_KEY, markerOf, setMarker } from "./marker.ts";
import { completedBody } from "./service-fields.ts";
import { LATE_PARTS, partsOf, patchService } from "./service-parts.ts";
import {
  type ExistingService,
  type RenderCall,
  type ServiceContract,
  type ServiceInputs,
  type ServiceKind,
  type ServiceTarget,
  getService,
  placeOf,
} from "./service-place.ts";

type WantedService = Wanted<ServiceContract>;

/** Inputs that take effect without a deploy. */
const NOT_DEPLOYED: ReadonlySet<unknown> = new Set([
  "name",
  "environmentId",
  "autoDeploy",
  "autoDeployTrigger",
  "buildFilter",
  "previews",
  "schedule",
  "domains",
  "ipAllowList",
  "numInstances",
  "autoscaling",
  "headers",
  "routes",
]);

/**
 * Creates the service and waits for its deploy. Continues with one that an interrupted operation
 * created.
 */
export async function createService(kind: ServiceKind, inputs: ServiceInputs, call: RenderCall) {
  const outcome = await findOrPost(serviceCreation(kind, inputs, call), call);
  const id = "made" in outcome ? outcome.made.id : idOf(outcome.found);
  const existing = { kind, id, call };
  try {
    if ("found" in outcome) return { id, outputs: await takeUp(existing, inputs) };
    await completeService(existing, inputs, outcome.made.deployId);
    return { id, outputs: kind.outputs(await getService(placeOf(existing))) };
  } catch (error) {
    throw new CreatedPartially(id, error);
  }
}

/** Updates the service, with one awaited deploy when it is needed. */
export async function updateService(
  existing: ExistingService,
  wanted: WantedService,
): Promise<JsonObject> {
  const { kind } = existing;
  const service = await getService(placeOf(existing));
  const place = { ...placeOf(existing), service };
  const { changes, isUnfinished } = wanted;
  const isSuspended = memberAt(service, ["suspended"]) === "suspended";
  if (isSuspended || !(isUnfinished || changes.some((it) => !NOT_DEPLOYED.has(it.path[0])))) {
    await writeService(existing, wanted, place);
    // A suspended service is deployed when it is resumed.
    if (isUnfinished) await forgetOwedDeploy(place, "service");
  } else {
    await owingDeploy(place, "service", async () => {
      await writeService(existing, wanted, place);
      await deploy(subjectOf(existing, wanted.inputs));
    });
  }
  return kind.outputs(await getService(place));
}

/** Writes the differences without a deploy. */
async function writeService(
  existing: ExistingService,
  wanted: WantedService,
  place: ServiceTarget,
): Promise<void> {
  const { changes, isUnfinished, known } = wanted;
  const inputs: JsonObject = { ...wanted.inputs };
  await patchService(existing, wanted, place.service);
  for (const { input, follows, sync } of partsOf(existing.kind)) {
    const isTouched =
      isUnfinished || changes.some(({ path: [it] }) => it === input || it === follows);
    if (isTouched) await sync(place, inputs[input], known.inputs[input] as Json | undefined);
  }
}

/**
 * Registers the service's own variables, so that the resource of its late variables does not remove
 * them.
 */
export function announceService(id: string, inputs: TreeObject, client: RenderClient): void {
  for (const key of Object.keys(textsOf(inputs["env"]))) {
    client.declaredVariables.add(`${id}/${key}`);
  }
}

/** Deletes the service; a missing one is success. */
export async function removeService(id: string, call: RenderCall): Promise<void> {
  await call.client.delete(`/services/${id}`, `delete service ${id}`, call.signal);
}

/** Outputs of every service type. */
export function commonOutputs(service: Json): { slug: string; dashboardUrl: string } {
  return {
    slug: textOf(memberAt(service, ["slug"]), "slug"),
    dashboardUrl: textOf(memberAt(service, ["dashboardUrl"]), "dashboardUrl"),
  };
}

/** It comes from an interrupted operation or was adopted, so anything may be missing. */
async function takeUp(existing: ExistingService, inputs: ServiceInputs): Promise<JsonObject> {
  await setMarker(placeOf(existing), existing.call.urn);
  return updateService(existing, {
    inputs,
    changes: [],
    isUnfinished: true,
    known: { inputs: {}, outputs: {} },
  });
}

/**
 * Sets the parts that a POST cannot contain. Render deploys at once, so links come too late for the
 * first deploy.
 */
async function completeService(
  existing: ExistingService,
  inputs: ServiceInputs,
  deployId: string,
): Promise<void> {
  const place = { ...placeOf(existing), service: null };
  const declared: JsonObject = { ...inputs };
  for (const { input, sync } of LATE_PARTS) {
    if (declared[input] !== undefined) await sync(place, declared[input], undefined);
  }
  const subject = subjectOf(existing, inputs);
  const hasLinks = (inputs.envGroups ?? []).length > 0;
  await (hasLinks ? deploy(subject) : waitForDeploy(subject, deployId));
}

function subjectOf(existing: ExistingService, { name, ownerId }: ServiceInputs): DeploySubject {
  return { ...placeOf(existing), name, ownerId, progress: existing.call.progress };
}

/** A new service and its first deploy. */
export interface MadeService {
  readonly id: string;
  readonly deployId: string;
}

/** Finds or creates a service. A managed service has our marker among its variables. */
function serviceCreation(
  kind: ServiceKind,
  inputs: ServiceInputs,
  call: RenderCall,
): Creation<MadeService> {
  const { name, ownerId } = inputs;
  return {
    noun: kind.type.replace("_", " "),
    name,
    adopt: inputs.adopt ?? false,
    namesakes: async () => {
      // Names are unique across types, so a service of another type conflicts too.
      const query = new URLSearchParams({ name, ownerId });
      const services = await call.client.list(`/services?${query}`, "service", call.signal);
      return services.filter((it) => memberAt(it, ["name"]) === name);
    },
    isOurs: async (service) => (await markerOn(idOf(service), call)) === markerOf(call.urn),
    mismatch: (service) => mismatchOf(kind, { ...inputs }, service),
    post: () => post(kind, inputs, call),
  };
}

function mismatchOf(kind: ServiceKind, inputs: JsonObject, service: Json): string | undefined {
  const type = memberAt(service, ["type"]);
  if (type !== kind.type) return `it is a ${String(type).replace("_", " ")}`;
  const region = memberAt(service, ["serviceDetails", "region"]);
  const wanted = inputs["region"];
  if (wanted === undefined || region === wanted) return undefined;
  return `it is in the region "${String(region)}" and not in "${String(wanted)}"`;
}

async function markerOn(id: string, { client, signal }: RenderCall): Promise<Json | undefined> {
  const path = `/services/${id}/env-vars/${MARKER_KEY}`;
  try {
    const doing = `read the marker of ${id}`;
    const { body } = await client.request({ method: "GET", path, doing, signal });
    return memberAt(body, ["value"]) ?? memberAt(body, ["envVar", "value"]);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function post(
  { type, fields, completeNew }: ServiceKind,
  inputs: ServiceInputs,
  call: RenderCall,
): Promise<MadeService> {
  const env = { ...inputs.env, [MARKER_KEY]: markerOf(call.urn) };
  const said = bodyOf(fields, { ...inputs, env }, { purpose: "create" });
  const body = completedBody(said, { ...inputs });
  const { body: answer } = await call.client.request({
    method: "POST",
    path: "/services",
    body: { type, ...(completeNew ? completeNew(body) : body) },
    doing: `create service "${inputs.name}"`,
    signal: call.signal,
  });
  return {
    id: textOf(memberAt(answer, ["service", "id"]), "id"),
    deployId: textOf(memberAt(answer, ["deployId"]), "deployId"),
  };
}
