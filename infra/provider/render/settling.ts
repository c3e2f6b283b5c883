import { setTimeout as sleep } from "node:timers/promises";
import { memberAt, RenderError } from "./answer.ts";
import type { RenderCall } from "./service-place.ts";
import { withinLimit } from "./time-limit.ts";

/** Each wait between two looks is longer than the one before, up to the last. */
const POLL_GROWTH = 1.5;
const POLL_LAST_MS = 15_000;

/** It will not become available by waiting. */
const STUCK: ReadonlySet<unknown> = new Set(["unavailable", "recovery_failed"]);

/**
 * Waits until a datastore is available. One that somebody suspended is left to them.
 *
 * @throws with Render's status when it gets stuck or takes too long
 */
export async function untilAvailable(path: string, call: RenderCall): Promise<void> {
  let last: unknown;
  await withinLimit(call.signal, {
    limitMs: call.client.pace.settleMs,
    late: () => `${path} is ${String(last)}`,
    wait: (signal) =>
      followStatus(path, { ...call, signal }, (status) => {
        last = status;
      }),
  });
}

async function followStatus(
  path: string,
  { client, progress, signal }: RenderCall,
  see: (status: unknown) => void,
): Promise<void> {
  let shown: unknown;
  for (let wait = client.pace.pollMs; ; wait = Math.min(wait * POLL_GROWTH, POLL_LAST_MS)) {
    const { body } = await client.request({
      method: "GET",
      path,
      doing: `look at ${path}`,
      signal,
    });
    const status = memberAt(body, ["status"]);
    see(status);
    if (status !== shown) progress(`${path} is ${String(status)}`);
    shown = status;
    if (status === "available" || status === "suspended") return;
    if (STUCK.has(status)) {
      throw new RenderError(
        `Render: ${path} is ${String(status)}. Look at it in the dashboard, then run up again.`,
        { maybeDone: false },
      );
    }
    await sleep(wait, undefined, { signal });
  }
}
