import { z } from "zod";
import { Cidr } from "./scalar.ts";

/** Addresses outside Render that may connect. */
export const AllowListSpec = z
  .array(
    z.strictObject({
      cidr: Cidr.meta({ description: "IP range.", examples: ["203.0.113.10/32"] }),
      why: z
        .string()
        .min(1)
        .meta({
          description: "Description of the range, shown on Render.",
          examples: ["the VM of the API"],
        }),
    }),
  )
  .meta({
    id: "allowList",
    description:
      "Addresses outside Render that may connect. Empty: none. Default: Render's own setting.",
    examples: [[{ cidr: "203.0.113.10/32", why: "the VM of the API" }]],
  });

export type AllowListSpec = z.infer<typeof AllowListSpec>;
