import { setTimeout as delay } from "node:timers/promises";

import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";

import type { CloudEnv } from "./cloud.ts";
import type { RequestFault } from "./faults.ts";
import { answer } from "./render/requests.ts";
import { CUT_STATUS } from "./request-log.ts";

/** One call with what a fault does to it. Returns the status that the log shows. */
export async function faultyAnswer(
  context: Context<CloudEnv>,
  fault: RequestFault,
  { carryOut, stopping }: { carryOut: () => Promise<void>; stopping: AbortSignal },
): Promise<number> {
  const isWaited = await waited(fault.delayMs ?? 0, stopping);
  if (!isWaited || fault.reset === "before-write") return cut(context);

  if (fault.status === undefined) await carryOut();
  else context.res = injectedAnswer(fault.status, fault.retryAfter);
  return fault.reset === "after-write" ? cut(context) : context.res.status;
}

/** False when the cloud stopped before the time was over: then nothing may be written any more. */
function waited(ms: number, stopping: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal: stopping }).catch(() => false);
}

/** Resets the connection: the client sees a reset and cannot know whether anything was written. */
function cut(context: Context<CloudEnv>): number {
  context.env.incoming.socket.resetAndDestroy();
  context.res = RESPONSE_ALREADY_SENT;
  return CUT_STATUS;
}

function injectedAnswer(status: number, retryAfter: number | undefined): Response {
  const response = answer(status, { message: `injected fault: ${status}` });
  if (retryAfter !== undefined) response.headers.set("Retry-After", String(retryAfter));
  return response;
}
