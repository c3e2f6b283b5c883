import { z } from "zod";
import { field } from "../contract.ts";
import { BANNED_MOUNTS, SHUTDOWN_SECONDS_MAX } from "../facts.ts";
import { dataLossField } from "./consent-fields.ts";
import {
  computeFields,
  identityFields,
  previewFields,
  processFields,
  refineRunnable,
  type Runnable,
} from "./service-fields.ts";

/**
 * A service has at most one disk, which can only grow and allows only one instance. @see
 * https://render.com/docs/disks
 */
const disk = z.strictObject({
  name: field(z.string(), { description: "Name in the dashboard." }),
  mountPath: field(
    z
      .string()
      .startsWith("/")
      .refine((path) => !BANNED_MOUNTS.includes(path.replace(/(?<=.)\/+$/, "")), {
        error: "is a directory that Render reserves",
      }),
    {
      description: "Absolute path. Only files below it survive a deploy.",
      loses: "the app's access to the data at the old path",
    },
  ),
  sizeGb: field(z.int().min(1), {
    description: "Gigabytes. May grow, never shrink.",
    onlyGrows: "Render only lets a disk grow",
  }),
});

const percentage = (of: string) =>
  field(z.int().min(1).max(100).optional(), {
    description: `Instances are added above this ${of}, in percent. Absent, it does not count.`,
  });

/** Autoscaling. Render decides the number of instances, so a different number is not drift. */
const autoscaling = z.strictObject({
  min: field(z.int().min(1), { description: "Fewest instances." }),
  max: field(z.int().min(1), { description: "Most instances." }),
  cpuPercent: percentage("use of the processor"),
  memoryPercent: percentage("use of memory"),
});

/** Inputs of web services, private services and workers. */
export const runningFields = {
  ...identityFields,
  ...computeFields,
  ...processFields,
  ...previewFields,
  ...dataLossField,
  preDeployCommand: field(z.string().optional(), {
    description: "Command that must succeed before a new version starts, for example migrations.",
  }),
  maxShutdownDelaySeconds: field(z.int().min(1).max(SHUTDOWN_SECONDS_MAX).optional(), {
    description: "Seconds between SIGTERM and SIGKILL. Render's default is 30.",
  }),
  numInstances: field(z.int().min(1).optional(), {
    description: "Instances. While autoscaling is on, Render decides and this is no drift.",
  }),
  autoscaling: field(autoscaling.optional(), { description: "Instances by load." }),
  disk: field(disk.optional(), {
    description: "Persistent disk.",
    loses: "what is on the disk",
  }),
};

/** The fields of the rules below. */
interface Running extends Runnable {
  readonly disk?: unknown;
  readonly numInstances?: number | undefined;
  readonly autoscaling?: z.infer<typeof autoscaling> | undefined;
}

/** Rules between fields that Render checks only after the service exists. */
export function refineRunning(inputs: Running, context: z.core.$RefinementCtx): void {
  const { disk: hasDisk, numInstances = 1, autoscaling: scaling } = inputs;
  refineRunnable(inputs, context);
  const refuse = (path: string[], message: string): void =>
    context.addIssue({ code: "custom", path, message });
  if (hasDisk && numInstances > 1) {
    refuse(
      ["numInstances"],
      "a service with a disk has one instance. Remove the disk, or scale to 1.",
    );
  }
  if (hasDisk && scaling) {
    refuse(
      ["autoscaling"],
      "a service with a disk has one instance. Remove the disk or autoscaling.",
    );
  }
  if (scaling && scaling.max < scaling.min) {
    refuse(["autoscaling", "max"], `is smaller than min, got ${scaling.max} < ${scaling.min}.`);
  }
}

/** A service with a disk has data that a replacement loses. */
export function heldOnDisk({ disk: held }: Readonly<Record<string, unknown>>): string | undefined {
  return held === undefined ? undefined : "what is on the disk";
}
