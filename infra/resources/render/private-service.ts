import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import { heldOnDisk, refineRunning, runningFields } from "./running-fields.ts";
import { serviceOutputs } from "./service-fields.ts";

/** A private service: reachable from the stack's own services over the private network only. */
export const PrivateService = {
  token: "render:index:PrivateService",
  description:
    "A Render private service with its environment, files, disk, links and scale, and one awaited deploy.",
  deleteBeforeReplace: true,
  holds: heldOnDisk,
  inputs: z.strictObject(runningFields).superRefine(refineRunning),
  outputs: z.strictObject({
    ...serviceOutputs,
    privateUrl: field(z.string(), {
      description: "Address inside the private network, http://slug:port",
    }),
  }),
} as const satisfies ResourceContract;
