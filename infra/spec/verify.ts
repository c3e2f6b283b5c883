import { z } from "zod";
import { Duration, HttpPath, JsonValue, Key } from "./scalar.ts";

/** A check that must pass after a deploy. */
export const CheckSpec = z
  .union([
    z
      .strictObject({
        http: Key.meta({
          description: "Key of the service that receives the request.",
          examples: ["web"],
        }),
        path: HttpPath.optional().meta({
          description: "Path. Default: /.",
          examples: ["/healthz"],
        }),
        status: z
          .int()
          .min(100)
          .max(599)
          .optional()
          .meta({ description: "Expected status. Default: 200.", examples: [200] }),
        json: z
          .record(z.string(), JsonValue)
          .optional()
          .meta({
            description: "Keys and values that the JSON answer must contain.",
            examples: [{ ok: true }],
          }),
      })
      .meta({ description: "A service answers over HTTP." }),
    z
      .strictObject({
        job: Key.meta({ description: "Key of the job.", examples: ["digest-weekdays"] }),
        ranWithin: Duration.meta({
          description: "Maximum age of the last successful run.",
          examples: ["1d"],
        }),
      })
      .meta({ description: "A job succeeded recently." }),
    z
      .strictObject({
        channel: Key.meta({ description: "Key of the alert channel.", examples: ["ops"] }),
      })
      .meta({ description: "An alert channel delivers a test message, which each verify sends." }),
  ])
  .meta({
    id: "check",
    description: "A check that must pass after a deploy.",
    examples: [
      { http: "web", path: "/", status: 200 },
      { job: "digest-weekdays", ranWithin: "1d" },
      { channel: "ops" },
    ],
  });

export type CheckSpec = z.infer<typeof CheckSpec>;
