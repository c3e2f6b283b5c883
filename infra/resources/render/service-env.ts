import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";

/**
 * Variables of a service that close a cycle of references.
 *
 * Two services with each other's URL cannot both be created last. Both are created first; then
 * these variables are set and the service is deployed again.
 */
export const ServiceEnv = {
  token: "render:index:ServiceEnv",
  description: "Late environment variables of a service, and one waited-for deploy.",
  deleteBeforeReplace: true,
  inputs: z.strictObject({
    serviceId: field(z.string().regex(/^(srv|crn)-/, "should be a service id such as srv-…"), {
      description: "The service whose variables they are.",
      replaces: "these variables belong to one service",
    }),
    env: field(z.record(z.string(), z.string()), {
      description: "The variables. Others on the service are left alone.",
      secretOnImport: true,
    }),
  }),
  outputs: z.strictObject({}),
} as const satisfies ResourceContract;
