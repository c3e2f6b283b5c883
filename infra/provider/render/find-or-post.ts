import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "../kit/plugin.ts";
import { isGone, type Json, type JsonObject, memberAt, RenderError, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";
import { ENV_VARS, SECRET_FILES, textsBody } from "./keyed-values.ts";
import { MARKER_KEY, markerOf } from "./marker.ts";
import type { ServiceInputs } from "./service.ts";
import { serviceBody } from "./service-body.ts";

/** How often a create is tried when its answers are lost. */
const CREATE_ATTEMPTS_MAX = 4;

/** The wait before the next try: Render's list should show by then what the lost one made. */
const CREATE_RETRY_MS = 500;

/** A service of ours: just made, with its first deploy, or found as an interrupted run left it. */
export interface Made {
  readonly id: string;
  readonly deployId?: string;
}

/**
 * Makes the service once, whatever gets lost on the way.
 *
 * Before each try it looks for a service of this name that carries our marker. One of the name
 * without it is somebody else's, and is not touched.
 */
export async function findOrPost(
  type: string,
  inputs: ServiceInputs,
  call: Call<RenderClient>,
): Promise<Made> {
  for (let attempt = 1; ; attempt++) {
    const ours = await findOurs(type, inputs, call);
    if (ours) return { id: ours };
    try {
      return await post(type, inputs, call);
    } catch (error) {
      const lost = error instanceof RenderError && error.maybeDone;
      if (!lost || attempt >= CREATE_ATTEMPTS_MAX) throw error;
      await sleep(CREATE_RETRY_MS, undefined, { signal: call.signal });
    }
  }
}

async function findOurs(
  type: string,
  inputs: ServiceInputs,
  call: Call<RenderClient>,
): Promise<string | undefined> {
  const { name, ownerId } = inputs;
  const query = new URLSearchParams({ name, ownerId, type });
  const services = await call.client.list(`/services?${query}`, "service", call.signal);
  const namesakes = services
    .filter((it) => memberAt(it, ["name"]) === name)
    .map((it) => textOf(memberAt(it, ["id"]), "id"));
  for (const id of namesakes) {
    if ((await markerOn(id, call)) === markerOf(call.urn)) return id;
  }
  const [stranger] = namesakes;
  if (stranger === undefined) return undefined;
  throw new Error(
    `name: a ${type.replace("_", " ")} called "${name}" exists (${stranger}) and was not made for this resource. ` +
      `Take it over with: pulumi import ${tokenOf(call.urn)} ${nameOf(call.urn)} ${stranger}, or choose another name.`,
  );
}

async function markerOn(
  id: string,
  { client, signal }: Call<RenderClient>,
): Promise<Json | undefined> {
  const path = `/services/${id}/env-vars/${MARKER_KEY}`;
  try {
    const { body } = await client.request({
      method: "GET",
      path,
      doing: `look whose ${id} is`,
      signal,
    });
    return memberAt(body, ["value"]) ?? memberAt(body, ["envVar", "value"]);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function post(type: string, inputs: ServiceInputs, call: Call<RenderClient>): Promise<Made> {
  const body: JsonObject = {
    type,
    ...serviceBody({ ...inputs }, "create"),
    envVars: textsBody(ENV_VARS, { ...inputs.env, [MARKER_KEY]: markerOf(call.urn) }),
    ...(inputs.secretFiles && { secretFiles: textsBody(SECRET_FILES, inputs.secretFiles) }),
  };
  const { body: answer } = await call.client.request({
    method: "POST",
    path: "/services",
    body,
    doing: `create service "${inputs.name}"`,
    signal: call.signal,
  });
  return {
    id: textOf(memberAt(answer, ["service", "id"]), "id"),
    deployId: textOf(memberAt(answer, ["deployId"]), "deployId"),
  };
}

function tokenOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
