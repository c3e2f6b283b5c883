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
          "Region of everything in the stack. Default: oregon. A change replaces the resources.",
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
            description: "Another stack creates the project. This stack only adds its environment.",
            examples: [true],
          }),
        environment: z
          .string()
          .min(1)
          .optional()
          .meta({
            description: "Name of the environment. Default: the stack's environment.",
            examples: ["production"],
          }),
        protected: z
          .boolean()
          .optional()
          .meta({
            description: "Only admins may change resources in the environment.",
            examples: [true],
          }),
        isolated: z
          .boolean()
          .optional()
          .meta({
            description: "Block private network traffic from other environments.",
            examples: [true],
          }),
        pulumi: PulumiSpec.optional().meta({
          description: "Pulumi options of the project.",
          examples: [{ adopt: true }],
        }),
        environmentPulumi: PulumiSpec.optional().meta({
          description: "Pulumi options of the environment.",
          examples: [{ adopt: true }],
        }),
      })
      .optional()
      .meta({
        description: "Render project and environment that contain everything in the stack.",
        examples: [{ name: "Joslyn AI", protected: true }],
      }),
  })
  .meta({
    id: "render",
    description: "Where on Render the stack lives.",
    examples: [{ owner: "tea-cq1b2c3d4e5f6g7h8i9j" }],
  });

export type RenderSpec = z.infer<typeof RenderSpec>;
