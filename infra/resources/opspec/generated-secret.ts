import { z } from "zod";
import { field, type ProviderContract, type ResourceContract } from "../contract.ts";

/** The opspec provider needs no configuration. */
export const OpspecProvider = {
  name: "opspec",
  description: "Values that belong to a stack, not to a vendor.",
  inputs: z.strictObject({}),
} as const satisfies ProviderContract;

/** A generated secret, kept encrypted in the stack's state. */
export const GeneratedSecret = {
  token: "opspec:index:GeneratedSecret",
  description: "A random value, generated once and kept in encrypted state.",
  inputs: z.strictObject({
    bytes: field(z.int().min(16).max(256), {
      description: "Random bytes; 32 cannot be guessed.",
      replaces: "another length needs another value",
    }),
    rotation: field(z.string().optional(), {
      description: "Any text; a changed text generates a new value.",
      replaces: "the secret is being rotated",
    }),
  }),
  outputs: z.strictObject({
    value: field(z.string(), {
      description: "The value, base64url without padding.",
      secret: true,
    }),
  }),
} as const satisfies ResourceContract;
