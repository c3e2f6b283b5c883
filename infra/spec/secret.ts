import { z } from "zod";
import { Duration, EnvName } from "./scalar.ts";

/** Smallest and largest number of random bytes of a generated secret: 16 bytes are 128 bits. */
const GENERATE_BYTES = { min: 16, max: 256 };

/** A value that is never part of a spec. It is resolved by name when the stack is deployed. */
export const SecretSpec = z
  .strictObject({
    required: z
      .union([z.boolean(), z.literal("warn")])
      .optional()
      .meta({
        description:
          "true: a deploy without the secret is refused. warn: the deploy warns that it is missing. false: the secret is optional. Default: true.",
        examples: [true, "warn", false],
      }),
    maxAge: Duration.optional().meta({
      description: "Maximum age; verify warns when the secret is older.",
      examples: ["90d"],
    }),
    rotated: z.iso
      .date("should be a date such as 2026-01-31")
      .optional()
      .meta({ description: "Date of the last rotation.", examples: ["2026-01-31"] }),
    minLength: z
      .int()
      .min(1)
      .optional()
      .meta({ description: "Minimum length of the value, in characters.", examples: [32] }),
    weak: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({
        description: "Values that are refused, compared case-insensitively.",
        examples: [["changeme", "secret"]],
      }),
    aliases: z
      .array(EnvName)
      .min(1)
      .optional()
      .meta({
        description: "Other variable names in which the value is looked up.",
        examples: [["JWT_SECRET"]],
      }),
    from: z
      .strictObject({
        command: z
          .array(z.string().min(1))
          .min(1)
          .meta({
            description: "Command whose output is the value. It runs without a shell.",
            examples: [["op", "read", "op://ops/sendgrid/key"]],
          }),
      })
      .optional()
      .meta({
        description:
          "Source of the value when it is in neither Pulumi's config nor the environment.",
        examples: [{ command: ["op", "read", "op://ops/sendgrid/key"] }],
      }),
    generate: z
      .strictObject({
        bytes: z
          .int()
          .min(GENERATE_BYTES.min)
          .max(GENERATE_BYTES.max)
          .meta({ description: "Number of random bytes.", examples: [32] }),
        rotation: z
          .union([z.string().min(1), z.number()])
          .optional()
          .meta({
            description: "Change this text to generate a new value.",
            examples: ["2026-01"],
          }),
      })
      .optional()
      .meta({
        description:
          "Generate the value once and keep it in encrypted state when no value is given.",
        examples: [{ bytes: 32 }],
      }),
  })
  .meta({
    id: "secret",
    description:
      "A secret. The spec declares it; its value comes from Pulumi's config or the environment.",
    examples: [{ required: "warn", maxAge: "90d" }],
  });

export type SecretSpec = z.infer<typeof SecretSpec>;
