import type { Json } from "./answer.ts";
import type { RenderClient } from "./client.ts";

/** A resource and its environments; `old` is the previously declared one. */
export interface Move {
  readonly id: string;
  readonly current: Json | undefined;
  readonly wanted: Json | undefined;
  readonly old: Json | undefined;
  /** Removes the links that Render does not allow out of environment `from`. */
  readonly unlink?: (from: string) => Promise<void>;
}

/**
 * Moves a resource into its environment.
 *
 * It leaves the old one first, because Render does not document that an addition moves it. One that
 * was never declared to be in an environment stays where somebody put it.
 */
export async function moveToEnvironment(
  { client, signal }: { client: RenderClient; signal: AbortSignal },
  { id, current, wanted, old, unlink }: Move,
): Promise<void> {
  if (current === wanted || (wanted === undefined && old === undefined)) return;
  if (typeof current === "string") {
    await unlink?.(current);
    const path = `/environments/${current}/resources?resourceIds=${id}`;
    await client.delete(path, `take ${id} out of its environment`, signal);
  }
  if (typeof wanted === "string") {
    await client.request({
      method: "POST",
      path: `/environments/${wanted}/resources`,
      body: { resourceIds: [id] },
      doing: `put ${id} into environment ${wanted}`,
      isRepeatable: true,
      signal,
    });
  }
}
