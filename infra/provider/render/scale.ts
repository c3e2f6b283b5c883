import { isDeepStrictEqual } from "node:util";
import { type Json, memberAt } from "./answer.ts";
import { autoscalingToApi } from "./service-fields.ts";
import type { ServiceTarget } from "./service-place.ts";

/** Render's default number of instances. */
const INSTANCES_DEFAULT = 1;

/**
 * Sets the number of instances. While autoscaling is on, Render only remembers it: it counts once
 * autoscaling is deleted, and no read shows it.
 */
export async function syncInstances(
  { client, path, service, signal }: ServiceTarget,
  wanted: Json | undefined,
  old: Json | undefined,
): Promise<void> {
  if (wanted === undefined && old === undefined) return;
  const numInstances = wanted ?? INSTANCES_DEFAULT;
  const there = memberAt(service, ["serviceDetails", "numInstances"]);
  if (there === numInstances && !isAutoscaled(service)) return;
  await client.request({
    method: "POST",
    path: `${path}/scale`,
    body: { numInstances },
    doing: `scale ${path} to ${String(numInstances)}`,
    isRepeatable: true,
    signal,
  });
}

/** Enables or changes autoscaling, or disables it when we enabled it. */
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

/** Whether autoscaling is on. */
export function isAutoscaled(service: Json): boolean {
  return memberAt(service, ["serviceDetails", "autoscaling", "enabled"]) === true;
}
