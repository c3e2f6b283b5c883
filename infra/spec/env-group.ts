import { z } from "zod";
import { EnvSpec, SecretFilesSpec } from "./env.ts";
import { keyed } from "./keyed.ts";

/** Variables and files that several services share. What a service sets itself wins. */
export const EnvGroupSpec = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "Name on Render; <system>-<key> when it is not given.",
        examples: ["mail"],
      }),
    env: EnvSpec,
    secretFiles: SecretFilesSpec.optional(),
    ...keyed,
  })
  .meta({
    id: "envGroup",
    description:
      "Variables and files that several services share. What a service sets itself wins.",
    examples: [{ env: { EMAIL_FROM: "support@example.com" } }],
  });

export type EnvGroupSpec = z.infer<typeof EnvGroupSpec>;
