import { z } from "zod";
import { EnvSpec, SecretFilesSpec } from "./env.ts";
import { keyed } from "./keyed.ts";

/** Variables and files that several services share. A value that a service sets itself takes precedence. */
export const EnvGroupSpec = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "Name on Render. Default: <system>-<key>.",
        examples: ["mail"],
      }),
    env: EnvSpec,
    secretFiles: SecretFilesSpec.optional(),
    ...keyed,
  })
  .meta({
    id: "envGroup",
    description:
      "Variables and files that several services share. A value that a service sets itself takes precedence.",
    examples: [{ env: { EMAIL_FROM: "support@example.com" } }],
  });

export type EnvGroupSpec = z.infer<typeof EnvGroupSpec>;
