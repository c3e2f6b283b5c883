import type structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import type { CheckFailure } from "./check.ts";
import { type Change, renderChange } from "./diff.ts";
import { type TreeObject, encode } from "./property-tree.ts";

const { DIFF_NONE, DIFF_SOME } = providerPb.DiffResponse.DiffChanges;

/** The checked inputs and their problems. */
export function checkResponse(
  inputs: structPb.Struct,
  failures: readonly CheckFailure[],
): providerPb.CheckResponse {
  const response = new providerPb.CheckResponse();
  response.setInputs(inputs);
  for (const { property, reason } of failures) {
    const failure = new providerPb.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    response.addFailures(failure);
  }
  return response;
}

/** The differences; `isUnfinished` requests an update even without any. */
export function diffResponse(
  changes: readonly Change[],
  { deleteBeforeReplace = false, isUnfinished = false } = {},
): providerPb.DiffResponse {
  const response = new providerPb.DiffResponse();
  response.setChanges(changes.length > 0 || isUnfinished ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteBeforeReplace);
  for (const change of changes) {
    const path = renderChange(change);
    response.addDiffs(String(change.path[0]));
    if (change.replaces) response.addReplaces(path);
    response.getDetaileddiffMap().set(path, propertyDiff(change));
  }
  return response;
}

function propertyDiff(change: Change): providerPb.PropertyDiff {
  const { Kind } = providerPb.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const property = new providerPb.PropertyDiff();
  property.setKind(kinds[change.kind][change.replaces ? 1 : 0]);
  property.setInputdiff(true);
  return property;
}

/** The state after a partly failed create or update. */
export interface PartialState {
  readonly id: string;
  readonly inputs: TreeObject;
  readonly outputs: TreeObject;
}

/** An error as a gRPC status; the engine shows `details`. */
export type RpcError = Error & Pick<ServiceError, "code" | "details" | "metadata">;

/** Any failure as a gRPC status. */
export function rpcError(cause: unknown): RpcError {
  const details = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(details, { cause }), {
    code: status.UNKNOWN,
    details,
    metadata: new Metadata(),
  });
}

/** The error that makes the engine keep the state and retry the resource later. */
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
