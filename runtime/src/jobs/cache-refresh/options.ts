import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { Text } from "../option-kind.ts";

/** What specs and manifests may say of a `cache-refresh` job. */
export const cacheRefreshJob = {
  description: "Asks the app to refresh one of its caches.",
  options: z.strictObject({
    bucket: Text,
    actor: z.optional(z.string()),
  }),
} as const satisfies CatalogJob;
