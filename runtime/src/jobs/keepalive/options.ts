import * as z from "zod/mini";
import { described, EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Count } from "../job.ts";

/** The job `keepalive`. */
export const keepaliveJob = {
  description: "Requests a page, so that the host does not suspend the service.",
  get options() {
    return z.strictObject({
      url: described(
        z.optional(z.string()),
        "URL of the page, if no variable sets it. Default: the address of the service with path.",
        "https://shop.example.com/keepalive",
      ),
      urlEnv: described(
        z.optional(EnvName),
        "Environment variable with the whole URL, which overrides all else. Default: KEEPALIVE_URL.",
      ),
      path: described(
        z.optional(z.string().check(z.regex(/^\//))),
        "Path of the page at RENDER_EXTERNAL_URL, or else at 127.0.0.1 and PORT. The variable KEEPALIVE_PATH overrides it. Default: /keepalive.",
      ),
      jitterPercent: described(
        z.optional(Count.check(z.maximum(50))),
        "Maximum random delay, in percent of the interval. Default: 10.",
      ),
      timeoutSeconds: described(
        z.optional(Seconds),
        "Time limit of the request, in seconds. Default: 10.",
      ),
    });
  },
} as const satisfies CatalogJob;
