import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { Positive, Text } from "../option-kind.ts";

/** What specs and manifests may say of a `reconcile` job. */
export const reconcileJob = {
  description: "Works through open entries of a table with a command of the app's own.",
  options: z.strictObject({
    command: Text,
    limit: z.optional(Positive),
  }),
} as const satisfies CatalogJob;
