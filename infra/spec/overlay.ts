import { z } from "zod";
import { EnvName, Key } from "./scalar.ts";

/** Values that an incident calls for; `opspec up --overlay <name>` puts them in place. */
export const OverlaySpec = z
  .strictObject({
    description: z
      .string()
      .min(1)
      .meta({
        description: "When the overlay is used.",
        examples: ["S3 is down: use the backup bucket."],
      }),
    env: z.record(EnvName, z.union([z.string(), z.number(), z.boolean()])).meta({
      description: "Variables that get a different value wherever they are set.",
      examples: [{ MAX_JOB_RETRIES: 1 }],
    }),
    services: z
      .array(Key)
      .min(1)
      .optional()
      .meta({ description: "Only in these services.", examples: [["worker"]] }),
  })
  .meta({
    id: "overlay",
    description: "Values for an incident. An overlay changes variables and nothing else.",
    examples: [{ description: "OpenAI limits us.", env: { MAX_JOB_RETRIES: 1 } }],
  });

export type OverlaySpec = z.infer<typeof OverlaySpec>;
