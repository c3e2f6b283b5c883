import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { heldOnDisk, refineRunning, runningFields } from "./running-fields.ts";
import { domainFields, serviceOutputs } from "./service-fields.ts";
import { allowListField } from "./workspace-fields.ts";

/** A web service: reachable from the internet over HTTPS, checked over HTTP. */
export const WebService = {
  token: "render:index:WebService",
  description:
    "A Render web service with its environment, files, disk, domains, links and scale, and one waited-for deploy.",
  deleteBeforeReplace: true,
  holds: heldOnDisk,
  inputs: z
    .strictObject({
      ...runningFields,
      ...domainFields,
      ...allowListField,
      healthCheckPath: field(z.string().startsWith("/").optional(), {
        description: "Path that must answer 2xx or 3xx within 5 s.",
      }),
    })
    .superRefine(refineRunning),
  outputs: z.strictObject({
    ...serviceOutputs,
    url: field(z.string(), { description: "Public address, https://…" }),
    privateUrl: field(z.string(), {
      description: "Address inside the private network, http://slug:port",
    }),
  }),
} as const satisfies ResourceContract;
