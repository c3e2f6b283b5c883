import { type Json, type JsonObject, memberAt, objectOf } from "./answer.ts";
import { postOnce } from "./find-or-post.ts";
import { diskToApi } from "./service-fields.ts";
import { getService, type ServiceTarget } from "./service-place.ts";

/** Removes a disk that is no longer declared. The consent was checked before. */
export async function dropDisk(
  { client, service, signal }: ServiceTarget,
  wanted: Json | undefined,
  old: Json | undefined,
): Promise<void> {
  const id = memberAt(service, ["serviceDetails", "disk", "id"]);
  if (wanted !== undefined || old === undefined || typeof id !== "string") return;
  await client.delete(`/disks/${id}`, `remove disk ${id}`, signal);
}

/** Adds or changes the declared disk. */
export async function syncDisk(place: ServiceTarget, wanted: Json | undefined): Promise<void> {
  if (wanted === undefined) return;
  const existing = memberAt(place.service, ["serviceDetails", "disk"]);
  const id = memberAt(existing, ["id"]);
  const body = diskToApi(wanted);
  if (typeof id !== "string") return addDisk(place, body);
  const there = objectOf(existing, "disk");
  if (Object.entries(body).every(([key, value]) => there[key] === value)) return;
  await place.client.request({
    method: "PATCH",
    path: `/disks/${id}`,
    body,
    doing: `change disk ${id}`,
    signal: place.signal,
  });
}

async function addDisk(place: ServiceTarget, body: JsonObject): Promise<void> {
  const { client, serviceId, signal } = place;
  await postOnce(place, {
    look: async () => memberAt(await getService(place), ["serviceDetails", "disk", "id"]),
    post: async () => {
      const { body: added } = await client.request({
        method: "POST",
        path: "/disks",
        body: { ...body, serviceId },
        doing: `add a disk to ${serviceId}`,
        signal,
      });
      return added;
    },
  });
}
