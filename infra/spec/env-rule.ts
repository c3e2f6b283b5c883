import { z } from "zod";
import { EnvName, Key, oneOrMore } from "./scalar.ts";

const services = z
  .array(Key)
  .min(1)
  .optional()
  .meta({
    description: "Services that it is about; all when it is not given.",
    examples: [["api", "worker"]],
  });

/** What the environment of the services must be like. */
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
          .meta({ description: "Only say so in the preview.", examples: ["warn"] }),
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
      .meta({ description: "At least one of several." }),
    z
      .strictObject({
        forbid: oneOrMore(EnvName).meta({
          description: "Variables that must not be switched on.",
          examples: ["ALLOW_HEADER_AUTH"],
        }),
        in: z
          .enum(["production", "staging"])
          .meta({ description: "In which environment.", examples: ["production"] }),
        services,
      })
      .meta({
        description:
          "Switches that are dangerous in an environment. Off is: empty, 0, false, no, off.",
      }),
    z
      .strictObject({
        variable: EnvName.meta({
          description: "Variable whose plain value is looked at.",
          examples: ["ADMIN_USER"],
        }),
        minLength: z
          .int()
          .min(1)
          .optional()
          .meta({ description: "Shortest value, in characters.", examples: [8] }),
        weak: z
          .array(z.string())
          .min(1)
          .optional()
          .meta({ description: "Values that are refused.", examples: [["admin"]] }),
        services,
      })
      .meta({ description: "What a value must be like. For secrets see secrets." }),
  ])
  .meta({
    id: "envRule",
    description: "What the environment of the services must be like.",
    examples: [{ oneOf: ["JWT_SECRET", "API_JWT_SECRET"], services: ["api"] }],
  });

export type EnvRuleSpec = z.infer<typeof EnvRuleSpec>;
