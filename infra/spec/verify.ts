import { z } from "zod";
import { Duration, HttpPath, JsonValue, Key } from "./scalar.ts";

/** One thing that must be true after a deploy. */
export const CheckSpec = z
  .union([
    z
      .strictObject({
        http: Key.meta({ description: "Key of the service that is asked.", examples: ["web"] }),
        path: HttpPath.optional().meta({
          description: "Path; / when it is not given.",
          examples: ["/healthz"],
        }),
        status: z
          .int()
          .min(100)
          .max(599)
          .optional()
          .meta({ description: "Expected status; 200 when it is not given.", examples: [200] }),
        json: z
          .record(z.string(), JsonValue)
          .optional()
          .meta({
            description: "Keys that the JSON answer must have, with their values.",
            examples: [{ ok: true }],
          }),
      })
      .meta({ description: "A service answers over HTTP." }),
    z
      .strictObject({
        job: Key.meta({ description: "Key of the job.", examples: ["digest-weekdays"] }),
        ranWithin: Duration.meta({
          description: "The last good run is not older.",
          examples: ["1d"],
        }),
      })
      .meta({ description: "A job ran lately." }),
  ])
  .meta({
    id: "check",
    description: "One thing that must be true after a deploy.",
    examples: [
      { http: "web", path: "/", status: 200 },
      { job: "digest-weekdays", ranWithin: "1d" },
    ],
  });

export type CheckSpec = z.infer<typeof CheckSpec>;
