import * as z from "zod/mini";
import { EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Count } from "../job.ts";

/** The job `keepalive`. */
export const keepaliveJob = {
  description: "Requests a page, so that the host does not suspend the service.",
  get options() {
    return z.strictObject({
      url: z.optional(z.string()),
      urlEnv: z.optional(EnvName),
      path: z.optional(z.string().check(z.regex(/^\//))),
      jitterPercent: z.optional(Count.check(z.maximum(50))),
      timeoutSeconds: z.optional(Seconds),
    });
  },
} as const satisfies CatalogJob;
