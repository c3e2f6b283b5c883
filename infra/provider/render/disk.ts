import { type Json, type JsonObject, memberAt, objectOf } from "./answer.ts";
import type { Target } from "./keyed-values.ts";

/**
 * Makes the service's disk what is wanted.
 *
 * @throws when a disk would be taken away: what is on it would be lost
 */
export async function syncDisk(
  target: Target,
  service: Json,
  wanted: JsonObject | undefined,
): Promise<void> {
  const existing = memberAt(service, ["serviceDetails", "disk"]);
  if (!wanted) {
    if (existing === undefined) return;
    throw new Error(
      `disk: removing it would lose what it holds. Take a backup and remove the disk in Render's dashboard, then run up again.`,
    );
  }
  const { name, mountPath, sizeGb } = wanted;
  const body: JsonObject = { name, mountPath, sizeGB: sizeGb };
  const id = memberAt(existing, ["id"]);
  const { client, serviceId, signal } = target;
  if (typeof id !== "string") {
    await client.request({
      method: "POST",
      path: "/disks",
      body: { ...body, serviceId },
      doing: `add a disk to ${serviceId}`,
      signal,
    });
    return;
  }
  const old = objectOf(existing, "disk");
  if (Object.entries(body).every(([key, value]) => old[key] === value)) return;
  await client.request({
    method: "PATCH",
    path: `/disks/${id}`,
    body,
    doing: `change disk ${id}`,
    signal,
  });
}
