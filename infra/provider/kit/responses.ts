import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import type { CheckFailure } from "./check.ts";
import { type Change, renderChange } from "./diff.ts";
import { encode, type TreeObject } from "./property-tree.ts";

const { DIFF_NONE, DIFF_SOME } = providerPb.DiffResponse.DiffChanges;

/** The inputs as they were checked, and what is wrong with them. */
export function checkResponse(
  inputs: TreeObject,
  failures: readonly CheckFailure[],
): providerPb.CheckResponse {
  const response = new providerPb.CheckResponse();
  response.setInputs(encode(inputs));
  for (const { property, reason } of failures) {
    const failure = new providerPb.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    response.addFailures(failure);
  }
  return response;
}

/** What differs; `isUnfinished` asks for an update also where nothing does. */
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
