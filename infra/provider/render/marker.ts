import { createHash } from "node:crypto";
import { parseUrn } from "../../resources/urn.ts";
import type { Target } from "./keyed-values.ts";

/** Environment variable that marks a service as managed by this stack. */
export const MARKER_KEY = "OPSPEC_RESOURCE";

/** Length of the hash; long enough that two resources of a stack never share it. */
const HASH_LENGTH = 16;

/**
 * The marker of a URN: `<project>/<stack>/<hash of the URN>`.
 *
 * A create whose answer was lost finds its resource by this marker, not by the name alone.
 */
export function markerOf(urn: string): string {
  const { project, stack } = parseUrn(urn);
  const hash = createHash("sha256").update(urn).digest("hex").slice(0, HASH_LENGTH);
  return `${project}/${stack}/${hash}`;
}

/** Sets the marker on an adopted service or env group. */
export async function setMarker({ client, path, signal }: Target, urn: string): Promise<void> {
  await client.request({
    method: "PUT",
    path: `${path}/env-vars/${MARKER_KEY}`,
    body: { value: markerOf(urn) },
    doing: `mark ${path} as ours`,
    signal,
  });
}
