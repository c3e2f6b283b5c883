import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import { encode, type TreeObject } from "./property-tree.ts";

/** What exists after a create or update that got half-way. */
export interface PartialState {
  readonly id: string;
  readonly inputs: TreeObject;
  readonly outputs: TreeObject;
}

/** An error as gRPC carries it; the engine shows `details`. */
export type RpcError = Error & Pick<ServiceError, "code" | "details" | "metadata">;

/** Any failure, as gRPC carries it. */
export function rpcError(cause: unknown): RpcError {
  const details = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(details, { cause }), {
    code: status.UNKNOWN,
    details,
    metadata: new Metadata(),
  });
}

/** The error that tells the engine to keep what exists, and to come back to it. */
export function initFailed(cause: unknown, state: PartialState): RpcError {
  const error = rpcError(cause);
  const detail = new providerPb.ErrorResourceInitFailed();
  detail.setId(state.id);
  detail.setReasonsList([error.details]);
  detail.setInputs(encode(state.inputs));
  detail.setProperties(encode(state.outputs));

  const packed = new anyPb.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rpcStatus = new statusPb.Status();
  rpcStatus.setCode(status.UNKNOWN);
  rpcStatus.setMessage(error.details);
  rpcStatus.addDetails(packed);
  error.metadata.add("grpc-status-details-bin", Buffer.from(rpcStatus.serializeBinary()));
  return error;
}
