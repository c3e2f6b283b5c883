import { isDeepStrictEqual } from "node:util";
import { type Json, memberAt } from "./answer.ts";
import { autoscalingToApi } from "./service-fields.ts";
import type { ServiceTarget } from "./service-place.ts";

/** What Render runs when nobody says how many. */
const INSTANCES_DEFAULT = 1;

/** Makes the number of instances what is wanted. While autoscaling is on, Render takes the call and ignores it. */
export async function syncInstances(
  { client, path, service, signal }: ServiceTarget,
  wanted: Json | undefined,
  old: Json | undefined,
): Promise<void> {
  if (wanted === undefined && old === undefined) return;
  const numInstances = wanted ?? INSTANCES_DEFAULT;
  if (memberAt(service, ["serviceDetails", "numInstances"]) === numInstances) return;
  await client.request({
    method: "POST",
    path: `${path}/scale`,
    body: { numInstances },
    doing: `scale ${path} to ${String(numInstances)}`,
    isRepeatable: true,
    signal,
  });
}

/** Switches autoscaling on, changes it, or switches off what we had switched on. */
export async function syncAutoscaling(
  { client, path, service, signal }: ServiceTarget,
  wanted: Json | undefined,
  old: Json | undefined,
): Promise<void> {
  const at = `${path}/autoscaling`;
  if (wanted !== undefined) {
    const body = autoscalingToApi(wanted);
    if (isDeepStrictEqual(memberAt(service, ["serviceDetails", "autoscaling"]), body)) return;
    await client.request({ method: "PUT", path: at, body, doing: `scale ${path} by load`, signal });
  } else if (old !== undefined) {
    await client.delete(at, `end scaling ${path} by load`, signal);
  }
}

/** Does Render decide how many instances run? */
export function isAutoscaled(service: Json): boolean {
  return memberAt(service, ["serviceDetails", "autoscaling", "enabled"]) === true;
}
