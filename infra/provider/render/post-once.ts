import { setTimeout as sleep } from "node:timers/promises";
import { RenderError } from "./answer.ts";
import type { RenderClient } from "./client.ts";

/** How often something is made when its answers are lost. */
const ATTEMPTS_MAX = 4;

/**
 * Makes something once, whatever gets lost on the way.
 *
 * Before each try it is looked for: what a lost one made is there, and taken.
 */
export async function postOnce<T>(
  { client, signal }: { client: RenderClient; signal: AbortSignal },
  { look, post }: { look: () => Promise<T | undefined>; post: () => Promise<T> },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const existing = await look();
    if (existing !== undefined) return existing;
    try {
      return await post();
    } catch (error) {
      const isLost = error instanceof RenderError && error.maybeDone;
      if (!isLost || attempt >= ATTEMPTS_MAX) throw error;
      // Render's lists should show by then what the lost one made.
      await sleep(client.pace.backoffMs * 2 ** attempt, undefined, { signal });
    }
  }
}
