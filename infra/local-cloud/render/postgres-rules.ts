import { badRequest } from "../api-error.ts";
import type { PostgresRecord } from "./datastore-records.ts";
import { IpAllow, PlanId, Region, ResourceName } from "./service-bodies.ts";
import { z } from "zod";

/** Legacy plans, which new databases cannot get. */
export const LEGACY_PLANS: readonly string[] = ["starter", "standard", "pro", "pro_plus"];

/**
 * Default disk size in GB by plan: the two in recorded traffic; other plans get the smaller one.
 */
const DISK_GB_BY_PLAN: Readonly<Record<string, number>> = { free: 1, pro_4gb: 100 };
const DISK_GB_DEFAULT = 15;

/** Sizes are 1 GB or steps of this many. */
const DISK_STEP_GB = 5;

/** A disk may grow once in 12 hours. */
const RESIZE_COOL_DOWN_MS = 12 * 60 * 60 * 1000;

const REPLICAS_MAX = 5;

/** High availability needs one of these plans, and a version from 13 on. */
const HIGH_AVAILABILITY_PLANS = /^(pro|accelerated)_\d+gb$/;
const HIGH_AVAILABILITY_VERSION_MIN = 13;

/** The default disk size of a new database. */
export function defaultDiskGb(plan: string): number {
  return DISK_GB_BY_PLAN[plan] ?? DISK_GB_DEFAULT;
}

/** Refuses a legacy plan, with Render's message. */
export function ensurePlanIsOffered(plan: string): void {
  if (LEGACY_PLANS.includes(plan)) {
    throw badRequest(legacyPlanText(plan));
  }
}

/** Render's message about a legacy plan. */
export function legacyPlanText(plan: string): string {
  return `Legacy Postgres plans, including '${plan}', are no longer supported for new databases`;
}

/** Checks the rules of a new or changed database and names every broken one. */
export function ensurePostgresFits(database: PostgresRecord): void {
  const { diskSizeGB, plan, version, highAvailabilityEnabled, readReplicas } = database;
  const hasStep = diskSizeGB === 1 || diskSizeGB % DISK_STEP_GB === 0;
  const canBeDoubled =
    HIGH_AVAILABILITY_PLANS.test(plan) && Number(version) >= HIGH_AVAILABILITY_VERSION_MIN;
  const problems = [
    !hasStep && `diskSizeGB must be 1 or a multiple of ${DISK_STEP_GB}`,
    highAvailabilityEnabled &&
      !canBeDoubled &&
      `high availability needs a pro or accelerated plan and version ${HIGH_AVAILABILITY_VERSION_MIN} or newer`,
    readReplicas.length > REPLICAS_MAX && `at most ${REPLICAS_MAX} read replicas`,
  ].filter((it) => typeof it === "string");

  if (problems.length > 0) throw badRequest(problems.join("; "));
}

/** A disk can only grow, and only once within the cool-down. */
export function ensureDiskMayBecome(before: PostgresRecord, sizeGB: number, atMs: number): void {
  if (sizeGB < before.diskSizeGB) {
    throw badRequest(`diskSizeGB cannot shrink from ${before.diskSizeGB} to ${sizeGB}`);
  }
  const isCooling = before.resizedMs !== undefined && atMs < before.resizedMs + RESIZE_COOL_DOWN_MS;
  if (sizeGB > before.diskSizeGB && isCooling) {
    throw badRequest("diskSizeGB has been changed within the last 12 hours");
  }
}

/** Versions that Render offers. */
const VERSIONS = ["11", "12", "13", "14", "15", "16", "17", "18"] as const;

/** Settings of the server, by name. */
export const Parameters = z.record(z.string(), z.string());

const Replica = z.object({ name: z.string().min(1), parameterOverrides: Parameters.optional() });

/** The changeable fields. */
const changeable = {
  plan: PlanId.optional(),
  diskSizeGB: z.int().min(1).optional(),
  enableDiskAutoscaling: z.boolean().optional(),
  enableHighAvailability: z.boolean().optional(),
  ipAllowList: z.array(IpAllow).optional(),
  parameterOverrides: Parameters.optional(),
  /** Authoritative, matched by name: `[]` and `null` delete all. */
  readReplicas: z.array(Replica).nullish(),
  connectionPool: z.enum(["pgbouncer", "none"]).optional(),
  datadogAPIKey: z.string().optional(),
  datadogSite: z.string().optional(),
};

/** The body of `PATCH /postgres/{id}`. */
export const PostgresPatch = z.object({ ...changeable, name: ResourceName.optional() });
export type PostgresPatch = z.infer<typeof PostgresPatch>;

/** The body of `POST /postgres`. */
export const PostgresBody = z.object({
  ...changeable,
  name: ResourceName,
  ownerId: z.string(),
  plan: PlanId,
  version: z.enum(VERSIONS),
  databaseName: z.string().min(1).optional(),
  databaseUser: z.string().min(1).optional(),
  region: Region.optional(),
  environmentId: z.string().min(1).optional(),
});
export type PostgresBody = z.infer<typeof PostgresBody>;
