import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { ManifestGate } from "../../contract/app.ts";
import type { CatalogJob } from "../job.ts";

/** What specs and manifests may say of a `dependency-gate` job. */
export const dependencyGateJob = {
  description:
    "Waits until everything answers that others must not do without; what stays shut fails the run, unless it is declared open.",
  get options() {
    return z.strictObject({
      gates: described(
        z.optional(z.array(ManifestGate).check(z.minLength(1))),
        "What must answer, each for 60 s at most unless it says timeoutSeconds. The gates of the app without it.",
        [{ name: "clamav", kind: "clamav", hostEnv: "CLAMAV_HOST", portEnv: "CLAMAV_PORT" }],
      ),
    });
  },
} as const satisfies CatalogJob;
