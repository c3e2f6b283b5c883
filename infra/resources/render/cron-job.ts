import { z } from "zod";
import { field, type ResourceContract } from "../contract.ts";
import {
  computeFields,
  identityFields,
  processFields,
  refineRunnable,
  serviceOutputs,
} from "./service-fields.ts";

/** A cron job: one process on a UTC schedule, at most one at a time, 12 h at most, with no disk. @see https://render.com/docs/cronjobs */
export const CronJob = {
  token: "render:index:CronJob",
  description: "A Render cron job with its environment, secret files and links.",
  deleteBeforeReplace: true,
  inputs: z
    .strictObject({
      ...identityFields,
      ...computeFields,
      ...processFields,
      schedule: field(z.string(), { description: "Five fields, in UTC." }),
    })
    .superRefine(refineRunnable),
  outputs: z.strictObject(serviceOutputs),
} as const satisfies ResourceContract;
