import * as z from "zod/mini";
import { EnvName, Seconds } from "../../contract/duration.ts";
import type { CatalogJob } from "../catalog-job.ts";

/** What specs and manifests may say of an `http` job. */
export const httpJob = {
  description: "Calls a URL and expects a good answer.",
  options: z.strictObject({
    url: z.optional(z.string()),
    urlEnv: z.optional(EnvName),
    method: z.optional(z.enum(["GET", "POST", "PUT", "DELETE"])),
    status: z.optional(z.int().check(z.minimum(100), z.maximum(599))),
    tokenEnv: z.optional(EnvName),
    timeoutSeconds: z.optional(Seconds),
  }),
} as const satisfies CatalogJob;
