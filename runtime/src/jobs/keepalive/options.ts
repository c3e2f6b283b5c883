import * as z from "zod/mini";
import { EnvName } from "../../contract/duration.ts";
import type { CatalogJob } from "../catalog-job.ts";
import { Count } from "../option-kind.ts";

/** What specs and manifests may say of a `keepalive` job. */
export const keepaliveJob = {
  description: "Asks for a page, so that a host does not put the service to sleep.",
  options: z.strictObject({
    url: z.optional(z.string()),
    urlEnv: z.optional(EnvName),
    jitterPercent: z.optional(Count.check(z.maximum(50))),
  }),
} as const satisfies CatalogJob;
