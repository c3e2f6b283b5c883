import { isGone, type Json, type JsonObject, memberAt, textOf } from "./answer.ts";
import { bodyOf } from "./body-fields.ts";
import { type Creation, idOf } from "./find-or-post.ts";
import { MARKER_KEY, markerOf } from "./marker.ts";
import { completedBody } from "./service-fields.ts";
import type { RenderCall, ServiceInputs, ServiceKind } from "./service-place.ts";

/** A service that was just made, and its first deploy. */
export interface MadeService {
  readonly id: string;
  readonly deployId: string;
}

/** How a service is found again, or made. One of ours carries our marker among its variables. */
export function serviceCreation(
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
      // Names are unique across the types, so a service of another type is in the way too.
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
    const doing = `look whose ${id} is`;
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
