import { z } from "zod";
import { PulumiSpec } from "./keyed.ts";

/** Regions of Render. @see https://render.com/docs/regions */
export const RENDER_REGIONS = ["oregon", "ohio", "virginia", "frankfurt", "singapore"] as const;

/** Where on Render a stack lives. */
export const RenderSpec = z
  .strictObject({
    owner: z
      .string()
      .regex(
        /^(tea|usr)-[0-9a-v]{20}$/,
        "should be a workspace id such as tea-cq1b2c3d4e5f6g7h8i9j",
      )
      .meta({
        description:
          "Id of the Render workspace (tea-…) or user (usr-…) that owns everything in the stack.",
        examples: ["tea-cq1b2c3d4e5f6g7h8i9j"],
      }),
    region: z
      .enum(RENDER_REGIONS)
      .optional()
      .meta({
        description:
          "Region of everything in the stack; oregon when it is not given. A change replaces.",
        examples: ["oregon"],
      }),
    project: z
      .strictObject({
        name: z
          .string()
          .min(1)
          .meta({ description: "Name of the project.", examples: ["Joslyn AI"] }),
        existing: z
          .boolean()
          .optional()
          .meta({
            description: "Another stack made it; this one only adds its environment.",
            examples: [true],
          }),
        environment: z
          .string()
          .min(1)
          .optional()
          .meta({
            description: "Name of the environment; the stack's when it is not given.",
            examples: ["production"],
          }),
        protected: z
          .boolean()
          .optional()
          .meta({ description: "Only admins may change what is in it.", examples: [true] }),
        isolated: z
          .boolean()
          .optional()
          .meta({
            description: "Its private network is closed to other environments.",
            examples: [true],
          }),
        pulumi: PulumiSpec.optional().meta({
          description: "The same options for the project.",
          examples: [{ adopt: true }],
        }),
        environmentPulumi: PulumiSpec.optional().meta({
          description: "The same options for the environment.",
          examples: [{ adopt: true }],
        }),
      })
      .optional()
      .meta({
        description: "Project and environment in which everything of the stack stands.",
        examples: [{ name: "Joslyn AI", protected: true }],
      }),
  })
  .meta({
    id: "render",
    description: "Where on Render the stack lives.",
    examples: [{ owner: "tea-cq1b2c3d4e5f6g7h8i9j" }],
  });

export type RenderSpec = z.infer<typeof RenderSpec>;
