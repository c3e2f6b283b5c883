import { badRequest } from "../api-error.ts";
import { nanoTimestamp, nowMs, roundedTimestamp, timestamp } from "../clock.ts";
import type { Cloud } from "../cloud.ts";
import { newId, randomText } from "../ids.ts";
import type { DatastoreRecord } from "./datastore-records.ts";
import { ensureEnvironmentExists } from "./environments.ts";
import { isWanted, isWithin } from "./lists.ts";
import { ensureOwnerId, ownerView } from "./owners.ts";
import type { IpAllow } from "./service-bodies.ts";

/** Render's passwords are 32 alphanumerics. */
const PASSWORD_LENGTH = 32;

/** The common fields of a create request. */
interface NewDatastore {
  readonly name: string;
  readonly ownerId: string;
  readonly plan: string;
  readonly region?: string;
  readonly environmentId?: string;
  readonly ipAllowList: IpAllow[];
}

/** Creates the common part of a record. */
export function newDatastore(
  cloud: Cloud,
  idPrefix: "dpg" | "red",
  { body, createMs }: { readonly body: NewDatastore; readonly createMs: number },
): DatastoreRecord {
  const { name, ownerId, plan, region, environmentId, ipAllowList } = body;
  ensureOwnerId(ownerId);
  ensureEnvironmentExists(cloud, environmentId);

  const at = nowMs(cloud.state);
  const createdAt = nanoTimestamp(at);
  return {
    id: newId(idPrefix, at),
    ownerId,
    region: region ?? "oregon",
    createdAt,
    updatedAt: createdAt,
    name,
    plan,
    ipAllowList,
    environmentId,
    password: randomText(PASSWORD_LENGTH),
    suspenders: [],
    readyMs: at + createMs,
  };
}

/** The common part of the answer; an empty allow-list reads back as `null`. */
export function datastoreView(cloud: Cloud, record: DatastoreRecord) {
  const { id, name, plan, region, environmentId, suspenders, ipAllowList, ownerId } = record;

  return {
    id,
    name,
    plan,
    region,
    environmentId,
    owner: ownerView(ownerId),
    ipAllowList: ipAllowList.length > 0 ? ipAllowList : null,
    status: statusOf(record, nowMs(cloud.state)),
    suspended: suspenders.length > 0 ? "suspended" : "not_suspended",
    suspenders,
    createdAt: roundedTimestamp(record.createdAt),
    updatedAt: roundedTimestamp(record.updatedAt),
  };
}

/** `creating` until the last change completes. */
function statusOf(
  { suspenders, readyMs }: DatastoreRecord,
  atMs: number,
): "suspended" | "creating" | "available" {
  if (suspenders.length > 0) return "suspended";
  return atMs < readyMs ? "creating" : "available";
}

/** The filters of both lists. */
export function isListed(query: URLSearchParams, record: DatastoreRecord): boolean {
  return (
    isWanted(query, "name", record.name) &&
    isWanted(query, "ownerId", record.ownerId) &&
    isWanted(query, "region", record.region) &&
    isWanted(query, "environmentId", record.environmentId) &&
    isWanted(query, "suspended", record.suspenders.length > 0 ? "suspended" : "not_suspended") &&
    isWithin(query, "created", record.createdAt) &&
    isWithin(query, "updated", record.updatedAt)
  );
}

/** Suspends an instance for its user. */
export function suspend(cloud: Cloud, record: DatastoreRecord): void {
  record.suspenders = [...new Set([...record.suspenders, "user"])];
  record.updatedAt = timestamp(nowMs(cloud.state));
}

/** Resumes it. */
export function resume(cloud: Cloud, record: DatastoreRecord): void {
  if (!record.suspenders.includes("user")) {
    throw badRequest("only databases suspended by a user can be resumed");
  }
  record.suspenders = record.suspenders.filter((it) => it !== "user");
  record.updatedAt = timestamp(nowMs(cloud.state));
}
