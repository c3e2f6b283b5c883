import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import {
  environmentFields,
  identityFields,
  serviceOutputs,
  sourceFields,
} from "./service-fields.ts";

/** Render only lets a disk grow, one to a service, on one instance. @see https://render.com/docs/disks */
const disk = z.strictObject({
  name: field(z.string(), { description: "Name in the dashboard." }),
  mountPath: field(z.string(), {
    description: "Absolute path; only what lies below it outlives a deploy.",
  }),
  sizeGb: field(z.int().min(1), { description: "Gigabytes. May grow, never shrink." }),
});

/** A web service: reachable from the internet over HTTPS, checked over HTTP. */
export const WebService = {
  token: "render:index:WebService",
  description:
    "A Render web service with its environment, secret files and disk, and one waited-for deploy.",
  deleteBeforeReplace: true,
  inputs: z.strictObject({
    ...identityFields,
    ...sourceFields,
    ...environmentFields,
    healthCheckPath: field(z.string().startsWith("/").optional(), {
      description: "Path that must answer 2xx or 3xx within 5 s.",
    }),
    disk: field(disk.optional(), { description: "Persistent disk." }),
  }),
  outputs: z.strictObject({
    ...serviceOutputs,
    url: field(z.string(), { description: "Public address, https://…" }),
    privateUrl: field(z.string(), {
      description: "Address inside the private network, http://slug:port",
    }),
  }),
} as const satisfies ResourceContract;
