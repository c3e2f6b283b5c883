import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { ManifestGate } from "../../contract/app.ts";
import type { CatalogJob } from "../job.ts";

/** The job `dependency-gate`. */
export const dependencyGateJob = {
  description:
    "Waits until all gates are open. A gate that stays closed fails the run, unless its spec says fail: open.",
  get options() {
    return z.strictObject({
      gates: described(
        z.optional(z.array(ManifestGate).check(z.minLength(1))),
        "Gates to wait for, each for 60 s or its own timeoutSeconds. Default: the gates of the app.",
        [{ name: "clamav", kind: "clamav", hostEnv: "CLAMAV_HOST", portEnv: "CLAMAV_PORT" }],
      ),
    });
  },
} as const satisfies CatalogJob;
