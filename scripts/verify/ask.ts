import { isGone, type Json } from "../../infra/provider/render/answer.ts";
import type { RenderClient } from "../../infra/provider/render/client.ts";
import type { Slots } from "./slots.ts";

/** Reads of Render's API. What is gone is an answer, not an error. */
export interface Ask {
  /** What stands at a path; `undefined` when it is gone. */
  one(path: string): Promise<Json | undefined>;
  /** Every item of a list; none when what it belongs to is gone. `noun` names the member of an envelope. */
  list(path: string, noun: string | undefined): Promise<readonly Json[]>;
}

/** All reads of one verification together; Render answers each in less than a second. */
const ASK_TIMEOUT_MS = 60_000;

/** Reads with a client, as many at once as there are slots. */
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
