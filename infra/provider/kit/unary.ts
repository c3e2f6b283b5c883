import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { type RpcError, rpcError } from "./failures.ts";
import { PartialFailure } from "./resource-calls.ts";

/** A handler as gRPC calls it: an error becomes the call's status, never an unhandled rejection. */
export function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
) {
  return async (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    const outcome = await outcomeOf(() => answer(call.request));
    if ("error" in outcome) callback(outcome.error, null);
    else callback(null, outcome.response);
  };
}

async function outcomeOf<Response>(
  answer: () => Response | Promise<Response>,
): Promise<{ response: Response } | { error: RpcError }> {
  try {
    return { response: await answer() };
  } catch (error) {
    return { error: error instanceof PartialFailure ? error.rpc : rpcError(error) };
  }
}
