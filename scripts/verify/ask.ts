import { isGone, type Json } from "../../infra/provider/render/answer.ts";
import type { RenderClient } from "../../infra/provider/render/client.ts";
import type { Slots } from "./slots.ts";

/** Reads of Render's API. A missing resource is a value, not an error. */
export interface Ask {
  /** The resource at a path; `undefined` on 404. */
  one(path: string): Promise<Json | undefined>;
  /** Every item of a list; empty on 404. `noun` is the envelope's member. */
  list(path: string, noun: string | undefined): Promise<readonly Json[]>;
}

/** Deadline for all reads of one verification; Render answers each in less than a second. */
const ASK_TIMEOUT_MS = 60_000;

/** Reads with a client; the number of slots limits the parallel requests. */
export function askRender(client: RenderClient, slots: Slots): Ask {
  const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
  return {
    one: (path) =>
      orWhenGone(undefined, () =>
        slots(async () => {
          const doing = `read ${path}`;
          return (await client.request({ method: "GET", path, doing, signal })).body;
        }),
      ),
    list: (path, noun) => orWhenGone([], () => slots(() => client.list(path, noun, signal))),
  };
}

async function orWhenGone<T>(gone: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isGone(error)) return gone;
    throw error;
  }
}
