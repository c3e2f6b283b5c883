import { z } from "zod";
import type { ResourceContract } from "../contract.ts";
import { heldOnDisk, refineRunning, runningFields } from "./running-fields.ts";
import { serviceOutputs } from "./service-fields.ts";

/** A background worker, which receives no requests. */
export const BackgroundWorker = {
  token: "render:index:BackgroundWorker",
  description:
    "A Render background worker with its environment, files, disk, links and scale, and one awaited deploy.",
  deleteBeforeReplace: true,
  holds: heldOnDisk,
  inputs: z.strictObject(runningFields).superRefine(refineRunning),
  outputs: z.strictObject(serviceOutputs),
} as const satisfies ResourceContract;
