import { createHash } from "node:crypto";
import { EnvGroup } from "../../resources/render/env-group.ts";
import { type Json, type JsonObject, isGone, memberAt, textOf } from "./answer.ts";
import { itemsOf } from "./body-fields.ts";
import { idOf } from "./find-or-post.ts";
import {
  ENV_VARS,
  type KeyedCollection,
  SECRET_FILES,
  type Texts,
  syncTexts,
  textsBody,
  textsFrom,
  textsOf,
} from "./keyed-values.ts";
import { MARKER_KEY, markerOf, setMarker } from "./marker.ts";
import { recordType } from "./record.ts";
import type { RenderCall, ServiceTarget } from "./service-place.ts";
import type { ObservedRecord, RecordChange } from "./record-kind.ts";

/** The paths of the two collections in a group's answer. */
const MEMBERS = { env: "envVars", secretFiles: "secretFiles" } as const;

/** An env group. Its list has no values, so a group that declares some is read by id. */
export const envGroup = recordType({
  contract: EnvGroup,
  noun: "env group",
  path: "/env-groups",
  scope: "ownerId",
  fields: {
    name: { write: ["name"] },
    ownerId: { write: ["ownerId"], createOnly: true },
    environmentId: { write: ["environmentId"], createOnly: true },
    secretFiles: {
      write: ["secretFiles"],
      createOnly: true,
      isReadApart: true,
      toApi: (texts) => textsBody(SECRET_FILES, texts),
    },
  },
  bodyOfNew: ({ env }, urn) => ({
    envVars: textsBody(ENV_VARS, { ...textsOf(env), [MARKER_KEY]: markerOf(urn) }),
  }),
  isOurs: async (record, call) => {
    const env = textsIn(ENV_VARS, await contentOf(String(memberAt(record, ["id"])), call));
    return env[MARKER_KEY] === markerOf(call.urn);
  },
  observe: withContent,
  sync: syncContent,
  unlink: unlinkServices,
  outputs: async ({ inputs, known, isRead }) => ({
    contentHash: contentHash(isRead ? onlyDeclared(inputs, known.inputs as JsonObject) : inputs),
  }),
});

/**
 * A text that changes exactly when the content of the group changes.
 *
 * It is a SHA-256 of all values together. A group whose only secret is a short word could still be
 * guessed from it, so the contract keeps it secret.
 */
function contentHash(inputs: JsonObject): string {
  const sorted = [inputs["env"], inputs["secretFiles"]].map((texts) =>
    Object.entries(textsOf(texts)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

async function withContent(
  { record, inputs, known, isImported }: ObservedRecord,
  call: RenderCall,
): Promise<JsonObject> {
  const isDeclared = ["env", "secretFiles"].some(
    (it) => Object.keys(textsOf(known.inputs[it])).length > 0,
  );
  if (!isImported && !isDeclared) return { ...inputs, env: {}, secretFiles: {} };
  const content = await contentOf(String(memberAt(record, ["id"])), call);
  const { [MARKER_KEY]: _marker, ...env } = textsIn(ENV_VARS, content);
  return { ...inputs, env, secretFiles: textsIn(SECRET_FILES, content) };
}

async function syncContent({ id, inputs, old }: RecordChange, call: RenderCall): Promise<void> {
  const place = { client: call.client, path: `/env-groups/${id}`, signal: call.signal };
  const content = await contentOf(id, call);
  for (const collection of [ENV_VARS, SECRET_FILES]) {
    await syncTexts(collection, place, {
      existing: textsIn(collection, content),
      wanted: textsOf(inputs[collection.input]),
      old: textsOf(old[collection.input]),
    });
  }
  const marker = textsIn(ENV_VARS, content)[MARKER_KEY];
  if (marker !== markerOf(call.urn)) await setMarker(place, call.urn);
}

async function contentOf(id: string, { client, signal }: RenderCall): Promise<Json> {
  const path = `/env-groups/${id}`;
  const doing = `read env group ${id}`;
  return (await client.request({ method: "GET", path, doing, signal })).body;
}

function textsIn(collection: KeyedCollection, group: Json): Texts {
  return textsFrom(collection, itemsOf(memberAt(group, [MEMBERS[collection.input]])));
}

/** The current values of the declared variables and files. */
function onlyDeclared(inputs: JsonObject, declared: JsonObject): JsonObject {
  const own = (input: string): Texts => {
    const keys = Object.keys(textsOf(declared[input]));
    const there = Object.entries(textsOf(inputs[input]));
    return Object.fromEntries(there.filter(([key]) => keys.includes(key)));
  };
  return { env: own("env"), secretFiles: own("secretFiles") };
}

/** The declared groups that the service is linked to; on an import, all. */
export async function readLinks(
  place: ServiceTarget,
  declared: readonly string[] | undefined,
): Promise<readonly string[]> {
  const owner = textOf(memberAt(place.service, ["ownerId"]), "ownerId");
  const path = `/env-groups?ownerId=${owner}`;
  const groups = await place.client.sharedList(path, undefined, place.signal);
  if (!declared) return groups.filter((it) => isLinked(it, place.serviceId)).map(idOf);
  const links = await Promise.all(
    declared.map(async (id) => {
      const group = groups.find((it) => idOf(it) === id) ?? (await findGroup(place, id));
      return isLinked(group, place.serviceId) ? [id] : [];
    }),
  );
  return links.flat();
}

/**
 * Adds missing links and removes those that are no longer declared. A link alone starts no deploy.
 */
export async function syncLinks(
  place: ServiceTarget,
  wanted: readonly string[],
  old: readonly string[],
): Promise<void> {
  const { client, serviceId, signal } = place;
  for (const id of wanted) {
    if (isLinked(await findGroup(place, id), serviceId)) continue;
    await client.request({
      method: "POST",
      path: `/env-groups/${id}/services/${serviceId}`,
      doing: `link ${serviceId} to env group ${id}`,
      isRepeatable: true,
      signal,
    });
  }
  for (const id of old.filter((it) => !wanted.includes(it))) await unlink(place, id, serviceId);
}

/**
 * Unlinks a service from the groups of the environment that it leaves.
 *
 * Render links a group of an environment only to services in it. The links that are declared are
 * added again after the move.
 */
export async function unlinkGroups(place: ServiceTarget, environmentId: string): Promise<void> {
  const owner = textOf(memberAt(place.service, ["ownerId"]), "ownerId");
  const groups = await place.client.list(`/env-groups?ownerId=${owner}`, undefined, place.signal);
  for (const group of groups) {
    const isInside = memberAt(group, ["environmentId"]) === environmentId;
    if (isInside && isLinked(group, place.serviceId)) {
      await unlink(place, idOf(group), place.serviceId);
    }
  }
}

/** Unlinks a group that leaves its environment from all services; their own updates link it again. */
async function unlinkServices(group: Json, call: RenderCall): Promise<void> {
  for (const service of itemsOf(memberAt(group, ["serviceLinks"]))) {
    await unlink(call, idOf(group), idOf(service));
  }
}

async function unlink(
  { client, signal }: Pick<RenderCall, "client" | "signal">,
  groupId: string,
  serviceId: string,
): Promise<void> {
  const path = `/env-groups/${groupId}/services/${serviceId}`;
  await client.delete(path, `unlink ${serviceId} from env group ${groupId}`, signal);
}

function isLinked(group: Json | undefined, serviceId: string): boolean {
  const links = itemsOf(memberAt(group, ["serviceLinks"]));
  return links.some((it) => memberAt(it, ["id"]) === serviceId);
}

async function findGroup({ client, signal }: ServiceTarget, id: string): Promise<Json | undefined> {
  try {
    const path = `/env-groups/${id}`;
    const { body } = await client.request({
      method: "GET",
      path,
      doing: `read env group ${id}`,
      signal,
    });
    return body;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
