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
    description: "Number of instances; 1 when it is not given.",
    examples: [2],
  });

/** Instances by load. */
export const AutoscaleSpec = z
  .strictObject({
    min: z
      .int()
      .min(1)
      .max(INSTANCES_MAX)
      .meta({ description: "Fewest instances.", examples: [1] }),
    max: z
      .int()
      .min(1)
      .max(INSTANCES_MAX)
      .meta({ description: "Most instances.", examples: [3] }),
    cpuPercent: percentage
      .optional()
      .meta({ description: "Processor load that is aimed at.", examples: [70] }),
    memoryPercent: percentage
      .optional()
      .meta({ description: "Memory use that is aimed at.", examples: [80] }),
  })
  .meta({
    id: "autoscale",
    description: "Instances by load, instead of a fixed number.",
    examples: [{ min: 1, max: 3, cpuPercent: 70 }],
  });
