import { isGone, type Json, memberAt, textOf } from "./answer.ts";
import { itemsOf } from "./body-fields.ts";
import { idOf } from "./find-or-post.ts";
import type { ServiceTarget } from "./service-place.ts";

/** Which of our groups the service is linked to; on an import, all. */
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

/** Links what is missing and unlinks what is no longer declared. A link alone deploys nothing. */
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
  for (const id of old.filter((it) => !wanted.includes(it))) {
    const link = `/env-groups/${id}/services/${serviceId}`;
    await client.delete(link, `unlink ${serviceId} from env group ${id}`, signal);
  }
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
