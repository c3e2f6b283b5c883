import { setTimeout as delay } from "node:timers/promises";

import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";

import type { CloudEnv } from "./cloud.ts";
import type { RequestFault } from "./faults.ts";
import { answer } from "./render/requests.ts";
import { CUT_STATUS } from "./request-log.ts";

/** Executes one call with its fault. Returns the status for the log. */
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

/** Waits; false when the cloud stopped meanwhile, so that nothing may be written. */
function waited(ms: number, stopping: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal: stopping }).catch(() => false);
}

/** Resets the connection, so that the client cannot know whether anything was written. */
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
