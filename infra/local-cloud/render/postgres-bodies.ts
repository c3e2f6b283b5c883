import { z } from "zod";

import { IpAllow, Region } from "./service-bodies.ts";

/** Versions that Render offers. */
const VERSIONS = ["11", "12", "13", "14", "15", "16", "17", "18"] as const;

const Parameters = z.record(z.string(), z.string());

const Replica = z.object({ name: z.string().min(1), parameterOverrides: Parameters.optional() });

/** What may change later. */
const changeable = {
  plan: z.string().min(1).optional(),
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
export const PostgresPatch = z.object({ ...changeable, name: z.string().min(1).optional() });
export type PostgresPatch = z.infer<typeof PostgresPatch>;

/** The body of `POST /postgres`. */
export const PostgresBody = z.object({
  ...changeable,
  name: z.string().min(1),
  ownerId: z.string(),
  plan: z.string().min(1),
  version: z.enum(VERSIONS),
  databaseName: z.string().optional(),
  databaseUser: z.string().optional(),
  region: Region.optional(),
  environmentId: z.string().optional(),
});
export type PostgresBody = z.infer<typeof PostgresBody>;
