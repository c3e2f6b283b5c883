import { z } from "zod";
import { Duration, EnvName } from "./scalar.ts";

/** Smallest and largest number of random bytes of a generated secret: 16 bytes are 128 bits. */
const GENERATE_BYTES = { min: 16, max: 256 };

/** A value that never stands in a spec. It is found by its name when the stack is deployed. */
export const SecretSpec = z
  .strictObject({
    required: z
      .union([z.boolean(), z.literal("warn")])
      .optional()
      .meta({
        description:
          "true (the default): a deploy without it is refused. warn: the deploy says that it is missing. false: it may be missing.",
        examples: [true, "warn", false],
      }),
    maxAge: Duration.optional().meta({
      description: "Verify warns when the secret is older.",
      examples: ["90d"],
    }),
    rotated: z.iso
      .date("should be a date such as 2026-01-31")
      .optional()
      .meta({ description: "Day of its last change.", examples: ["2026-01-31"] }),
    minLength: z
      .int()
      .min(1)
      .optional()
      .meta({ description: "Shortest value that is accepted, in characters.", examples: [32] }),
    weak: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({
        description: "Values that are refused, whatever their case.",
        examples: [["changeme", "secret"]],
      }),
    aliases: z
      .array(EnvName)
      .min(1)
      .optional()
      .meta({
        description: "Earlier names under which the value is looked for, too.",
        examples: [["JWT_SECRET"]],
      }),
    from: z
      .strictObject({
        command: z
          .array(z.string().min(1))
          .min(1)
          .meta({
            description: "Command whose output is the value; it runs without a shell.",
            examples: [["op", "read", "op://ops/sendgrid/key"]],
          }),
      })
      .optional()
      .meta({
        description:
          "Where the value comes from when it is in neither Pulumi's config nor the environment.",
        examples: [{ command: ["op", "read", "op://ops/sendgrid/key"] }],
      }),
    generate: z
      .strictObject({
        bytes: z
          .int()
          .min(GENERATE_BYTES.min)
          .max(GENERATE_BYTES.max)
          .meta({ description: "Bytes of randomness.", examples: [32] }),
        rotation: z
          .union([z.string().min(1), z.number()])
          .optional()
          .meta({ description: "Another word here makes another value.", examples: ["2026-01"] }),
      })
      .optional()
      .meta({
        description: "Generate the value once and keep it in encrypted state, when none is given.",
        examples: [{ bytes: 32 }],
      }),
  })
  .meta({
    id: "secret",
    description: "A secret: declared here, its value found in Pulumi's config or the environment.",
    examples: [{ required: "warn", maxAge: "90d" }],
  });

export type SecretSpec = z.infer<typeof SecretSpec>;
