import { z } from "zod";

/** Most instances of a service. @see https://render.com/docs/scaling */
const INSTANCES_MAX = 100;

const percentage = z.int().min(1).max(90);

/** How many instances run. */
export const InstancesSpec = z
  .int()
  .min(1)
  .max(INSTANCES_MAX)
  .meta({
    id: "instances",
    description: "Number of instances. Default: 1.",
    examples: [2],
  });

/** Instances by load. */
export const AutoscaleSpec = z
  .strictObject({
    min: z
      .int()
      .min(1)
      .max(INSTANCES_MAX)
      .meta({ description: "Minimum number of instances.", examples: [1] }),
    max: z
      .int()
      .min(1)
      .max(INSTANCES_MAX)
      .meta({ description: "Maximum number of instances.", examples: [3] }),
    cpuPercent: percentage
      .optional()
      .meta({ description: "Target CPU utilization, in percent.", examples: [70] }),
    memoryPercent: percentage
      .optional()
      .meta({ description: "Target memory utilization, in percent.", examples: [80] }),
  })
  .meta({
    id: "autoscale",
    description: "Autoscaling, instead of a fixed number of instances.",
    examples: [{ min: 1, max: 3, cpuPercent: 70 }],
  });
