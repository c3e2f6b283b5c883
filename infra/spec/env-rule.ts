import { z } from "zod";
import { EnvName, Key, oneOrMore } from "./scalar.ts";

const services = z
  .array(Key)
  .min(1)
  .optional()
  .meta({
    description: "Services that the rule applies to. Default: all.",
    examples: [["api", "worker"]],
  });

/** Rules for the environment variables of the services. */
export const EnvRuleSpec = z
  .union([
    z
      .strictObject({
        require: oneOrMore(EnvName).meta({
          description: "Variables that must be set.",
          examples: [["S3_BUCKET", "S3_ENDPOINT"]],
        }),
        level: z
          .literal("warn")
          .optional()
          .meta({ description: "Only warn in the preview.", examples: ["warn"] }),
        services,
      })
      .meta({ description: "Variables that must be set." }),
    z
      .strictObject({
        oneOf: z
          .array(EnvName)
          .min(2)
          .meta({
            description: "Variables of which at least one must be set.",
            examples: [["JWT_SECRET", "API_JWT_SECRET"]],
          }),
        services,
      })
      .meta({ description: "At least one of several variables must be set." }),
    z
      .strictObject({
        forbid: oneOrMore(EnvName).meta({
          description: "Variables that must be off.",
          examples: ["ALLOW_HEADER_AUTH"],
        }),
        in: z.enum(["production", "staging"]).meta({
          description: "Environment in which the rule applies.",
          examples: ["production"],
        }),
        services,
      })
      .meta({
        description:
          "Variables that must be off in an environment. Empty, 0, false, no and off count as off.",
      }),
    z
      .strictObject({
        variable: EnvName.meta({
          description: "Variable whose plain value is checked.",
          examples: ["ADMIN_USER"],
        }),
        minLength: z
          .int()
          .min(1)
          .optional()
          .meta({ description: "Minimum length, in characters.", examples: [8] }),
        weak: z
          .array(z.string())
          .min(1)
          .optional()
          .meta({ description: "Values that are refused.", examples: [["admin"]] }),
        services,
      })
      .meta({
        description: "Requirements for a plain value. Use secrets for the values of secrets.",
      }),
  ])
  .meta({
    id: "envRule",
    description: "Rules for the environment variables of the services.",
    examples: [{ oneOf: ["JWT_SECRET", "API_JWT_SECRET"], services: ["api"] }],
  });

export type EnvRuleSpec = z.infer<typeof EnvRuleSpec>;
