import * as z from "zod/mini";
import { EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Text } from "../job.ts";

/** The HTTP statuses that there are. @see RFC 9110, 15 */
const STATUS = { min: 100, max: 599 };

/** What every job says that asks for a URL. */
export const urlOptions = {
  url: z.optional(Text).check(
    z.meta({
      description: "The URL, with https://; it may be urlEnv's default.",
      examples: ["https://api.example.com/internal/refresh"],
    }),
  ),
  urlEnv: z.optional(EnvName).check(
    z.meta({
      description: "Variable with the URL; what it says wins over url.",
      examples: ["REFRESH_URL"],
    }),
  ),
  tokenEnv: z.optional(EnvName).check(
    z.meta({
      description: "Variable with a token that is sent; without a value nothing is sent.",
      examples: ["INTERNAL_API_KEY"],
    }),
  ),
  tokenHeader: z.optional(Text.check(z.regex(/^[\w-]+$/))).check(
    z.meta({
      description:
        "Header that carries the token as it is; without it the token is sent as Authorization: Bearer.",
      examples: ["x-internal-key"],
    }),
  ),
  timeoutSeconds: z.optional(Seconds).check(
    z.meta({
      description: "An answer that takes longer is taken for none, in seconds; 60 without it.",
      examples: [10],
    }),
  ),
};

/** What specs and manifests may say of an `http` job. */
export const httpJob = {
  description: "Calls a URL once and expects a good answer.",
  get options() {
    return z.strictObject({
      ...urlOptions,
      method: z
        .optional(z.enum(["GET", "POST", "PUT", "DELETE"]))
        .check(z.meta({ description: "How it is called; GET without it.", examples: ["POST"] })),
      status: z.optional(z.int().check(z.minimum(STATUS.min), z.maximum(STATUS.max))).check(
        z.meta({
          description: "The only good status; any from 200 to 299 without it.",
          examples: [204],
        }),
      ),
    });
  },
} as const satisfies CatalogJob;
