import * as z from "zod/mini";
import { described, EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Text } from "../job.ts";

/** The HTTP statuses that there are. @see RFC 9110, 15 */
const STATUS = { min: 100, max: 599 };

/** What every job says that asks for a URL. */
export const urlOptions = {
  url: described(
    z.optional(Text),
    "The URL, with https://; it may be urlEnv's default.",
    "https://api.example.com/internal/refresh",
  ),
  urlEnv: described(
    z.optional(EnvName),
    "Variable with the URL; what it says wins over url.",
    "REFRESH_URL",
  ),
  tokenEnv: described(
    z.optional(EnvName),
    "Variable with a token that is sent; without a value nothing is sent.",
    "INTERNAL_API_KEY",
  ),
  tokenHeader: described(
    z.optional(Text.check(z.regex(/^[\w-]+$/))),
    "Header that carries the token as it is; without it the token is sent as Authorization: Bearer.",
    "x-internal-key",
  ),
  timeoutSeconds: described(
    z.optional(Seconds),
    "An answer that takes longer is taken for none, in seconds; 60 without it.",
    10,
  ),
};

/** What specs and manifests may say of an `http` job. */
export const httpJob = {
  description: "Calls a URL once and expects a good answer.",
  get options() {
    return z.strictObject({
      ...urlOptions,
      method: described(
        z.optional(z.enum(["GET", "POST", "PUT", "DELETE"])),
        "How it is called; GET without it.",
        "POST",
      ),
      status: described(
        z.optional(z.int().check(z.minimum(STATUS.min), z.maximum(STATUS.max))),
        "The only good status; any from 200 to 299 without it.",
        204,
      ),
    });
  },
} as const satisfies CatalogJob;
