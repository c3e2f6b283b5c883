import { z } from "zod";
import { Cidr } from "./scalar.ts";

/** Addresses outside Render that may connect. */
export const AllowListSpec = z
  .array(
    z.strictObject({
      cidr: Cidr.meta({ description: "Range of addresses.", examples: ["203.0.113.10/32"] }),
      why: z
        .string()
        .min(1)
        .meta({
          description: "Who this is; Render shows it beside the range.",
          examples: ["the VM of the API"],
        }),
    }),
  )
  .meta({
    id: "allowList",
    description:
      "Addresses outside Render that may connect. Empty: none. Not given: as Render has it.",
    examples: [[{ cidr: "203.0.113.10/32", why: "the VM of the API" }]],
  });

export type AllowListSpec = z.infer<typeof AllowListSpec>;
