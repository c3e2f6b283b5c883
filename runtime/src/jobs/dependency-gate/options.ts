import * as z from "zod/mini";
import { ManifestGate } from "../../contract/app.ts";
import type { CatalogJob } from "../job.ts";

/** The job `dependency-gate`. */
export const dependencyGateJob = {
  description:
    "Waits until all gates are open. A gate that stays closed fails the run, unless its spec says fail: open.",
  get options() {
    return z.strictObject({
      gates: z.optional(z.array(ManifestGate).check(z.minLength(1))),
    });
  },
} as const satisfies CatalogJob;
