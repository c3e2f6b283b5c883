import * as z from "zod/mini";
import { described, EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Count } from "../job.ts";

/** What specs and manifests may say of a `keepalive` job. */
export const keepaliveJob = {
  description: "Asks for a page, so that a host does not put the service to sleep.",
  get options() {
    return z.strictObject({
      url: described(
        z.optional(z.string()),
        "Where it asks when no variable says it; the address of the service and the path without it.",
        "https://shop.example.com/keepalive",
      ),
      urlEnv: described(
        z.optional(EnvName),
        "Variable with the whole URL, which wins over everything else; KEEPALIVE_URL without it.",
      ),
      path: described(
        z.optional(z.string().check(z.regex(/^\//))),
        "Path behind RENDER_EXTERNAL_URL, or else behind 127.0.0.1 and PORT, when the variable KEEPALIVE_PATH does not say it; /keepalive without it.",
      ),
      jitterPercent: described(
        z.optional(Count.check(z.maximum(50))),
        "It asks later by a random part of this share of its interval, in percent; 10 without it.",
      ),
      timeoutSeconds: described(
        z.optional(Seconds),
        "Longest time for the answer; 10 s without it.",
      ),
    });
  },
} as const satisfies CatalogJob;
