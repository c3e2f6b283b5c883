import * as z from "zod/mini";
import { Seconds } from "../../contract/field.ts";
import { type CatalogJob, Count, FilePath, Positive, Text } from "../job.ts";

/** The job `watchdog`. */
export const watchdogJob = {
  description: "Restarts an app that fails several probes in a row.",
  get options() {
    return z.strictObject({
      url: z.union([Text, z.array(Text).check(z.minLength(1))]),
      failures: z.optional(Positive),
      restart: z.optional(Text),
      debug: z.optional(z.array(Text)),
      cooldownSeconds: z.optional(Count),
      bootGraceSeconds: z.optional(Count),
      timeoutSeconds: z.optional(Seconds),
      state: z.optional(FilePath),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
