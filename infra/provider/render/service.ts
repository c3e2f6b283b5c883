import type { z } from "zod";
import type { InputsOf, ResourceContract } from "../../resources/contract.ts";
import type {
  environmentFields,
  identityFields,
  sourceFields,
} from "../../resources/render/service-fields.ts";
import type { Change } from "../kit/diff.ts";
import { type Call, CreatedPartially, type Known } from "../kit/plugin.ts";
import { isGone, type Json, type JsonObject, memberAt, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";
import { deploy, waitForDeploy } from "./deploy.ts";
import { syncDisk } from "./disk.ts";
import { findOrPost } from "./find-or-post.ts";
import {
  droppedKeys,
  ENV_VARS,
  readTexts,
  SECRET_FILES,
  syncTexts,
  type Target,
} from "./keyed-values.ts";
import { isPatchable, serviceBody, serviceInputs } from "./service-body.ts";

/** A service type of Render's and what of it a contract shows. */
export interface ServiceKind {
  /** Render's name of the type, for example `web_service`. */
  readonly type: string;
  readonly contract: ServiceContract;
  readonly outputs: (service: Json) => JsonObject;
}

/** A contract with what every service type has. */
export type ServiceContract = ResourceContract<
  z.ZodObject<typeof identityFields & typeof sourceFields & typeof environmentFields>
>;

export type ServiceInputs = InputsOf<ServiceContract>;

type RenderCall = Call<RenderClient>;

/** A service that exists, and the call that works on it. */
export interface ExistingService {
  readonly kind: ServiceKind;
  readonly id: string;
  readonly call: RenderCall;
}

/** What a service is to become. With no changes, everything that it may lack is done again. */
export interface WantedService {
  readonly inputs: ServiceInputs;
  readonly changes: readonly Change[];
  readonly known: Known;
}

const NOTHING_KNOWN: Known = { inputs: {}, outputs: {} };

/** Inputs that Render applies by itself: changing only these starts no deploy. */
const NOT_DEPLOYED: ReadonlySet<unknown> = new Set(["name", "autoDeploy", "schedule"]);

/** Creates the service and waits for its first deploy. One that an interrupted run made is taken up again. */
export async function createService(kind: ServiceKind, inputs: ServiceInputs, call: RenderCall) {
  const made = await findOrPost(kind.type, inputs, call);
  try {
    if (made.deployId) await waitForDeploy(subjectOf(made.id, inputs, call), made.deployId);
    else {
      const wanted = { inputs, changes: [], known: NOTHING_KNOWN };
      await updateService({ kind, id: made.id, call }, wanted);
    }
    return { id: made.id, outputs: kind.outputs(await getService(made.id, call)) };
  } catch (error) {
    throw new CreatedPartially(made.id, error);
  }
}

/** What the service is now; `undefined` when it is gone. Only declared collections are asked for. */
export async function readService({ kind, id, call }: ExistingService, known: Known) {
  const service = await findService(id, call, known);
  if (service === undefined) return undefined;
  const target = { client: call.client, serviceId: id, signal: call.signal };
  const imported = Object.keys(known.inputs).length === 0;
  const declared = (input: string): boolean => imported || known.inputs[input] !== undefined;
  const all: JsonObject = {
    ...serviceInputs(service),
    ...(declared("env") && { env: await readTexts(ENV_VARS, target) }),
    ...(declared("secretFiles") && { secretFiles: await readTexts(SECRET_FILES, target) }),
  };
  const own = Object.entries(all).filter(([key]) => key in kind.contract.inputs.shape);
  return { inputs: Object.fromEntries(own), outputs: kind.outputs(service) };
}

/** Brings the service to what is wanted, with one waited-for deploy when Render needs one. */
export async function updateService(
  { kind, id, call }: ExistingService,
  { inputs, changes, known }: WantedService,
): Promise<JsonObject> {
  const everything = changes.length === 0;
  const touched = (input: string): boolean =>
    everything || changes.some((it) => it.path[0] === input);
  const target = { client: call.client, serviceId: id, signal: call.signal };
  const service = await getService(id, call);

  if (Object.keys(kind.contract.inputs.shape).some((it) => isPatchable(it) && touched(it))) {
    await patchService(target, inputs, changes);
  }
  for (const collection of [ENV_VARS, SECRET_FILES]) {
    if (!touched(collection.input)) continue;
    const dropped = droppedKeys(collection, changes, known.inputs);
    await syncTexts(collection, target, { wanted: inputs[collection.input] ?? {}, dropped });
  }
  if ("disk" in kind.contract.inputs.shape && touched("disk")) {
    await syncDisk(target, service, diskOf(inputs));
  }
  const deploys = everything || changes.some((it) => !NOT_DEPLOYED.has(it.path[0]));
  if (deploys && memberAt(service, ["suspended"]) !== "suspended")
    await deploy(subjectOf(id, inputs, call));
  return kind.outputs(await getService(id, call));
}

/** Deletes the service; gone already is success. */
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

/** Sends every declared field that a PATCH can carry; one that is no longer declared is cleared. */
async function patchService(
  { client, serviceId, signal }: Target,
  inputs: ServiceInputs,
  changes: readonly Change[],
): Promise<void> {
  const cleared = changes
    .filter(
      ({ kind, path }) => kind === "delete" && path.length === 1 && isPatchable(String(path[0])),
    )
    .map(({ path }) => [String(path[0]), ""] as const);
  await client.request({
    method: "PATCH",
    path: `/services/${serviceId}`,
    body: serviceBody({ ...inputs, ...Object.fromEntries(cleared) }, "patch"),
    doing: `change service "${inputs.name}"`,
    signal,
  });
}

async function getService(id: string, { client, signal }: RenderCall): Promise<Json> {
  const path = `/services/${id}`;
  return (await client.request({ method: "GET", path, doing: `read service ${id}`, signal })).body;
}

/** From the workspace's list, which all reads of a run share; what is not in it is asked for by id. */
async function findService(id: string, call: RenderCall, known: Known): Promise<Json | undefined> {
  const owner = known.inputs["ownerId"];
  if (typeof owner === "string") {
    const services = await call.client.sharedList(
      `/services?ownerId=${owner}`,
      "service",
      call.signal,
    );
    const found = services.find((it) => memberAt(it, ["id"]) === id);
    if (found !== undefined) return found;
  }
  try {
    return await getService(id, call);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function subjectOf(serviceId: string, { name, ownerId }: ServiceInputs, call: RenderCall) {
  return {
    client: call.client,
    serviceId,
    name,
    ownerId,
    signal: call.signal,
    progress: call.progress,
  };
}

function diskOf(inputs: object): JsonObject | undefined {
  return "disk" in inputs ? (inputs.disk as JsonObject | undefined) : undefined;
}
