import * as z from "zod/mini";
import { EnvName } from "../contract/duration.ts";

/** An option whose value is an environment variable's where the job runs, or else the default. */
const OptionBinding = z.strictObject({ env: EnvName, default: z.optional(z.unknown()) });

export type OptionBinding = z.infer<typeof OptionBinding>;

/** Whether the value of an option is meant as a binding: an object that says `env`. */
export function isBindingLike(value: unknown): value is { readonly env: unknown } {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "env");
}

/** The binding that the value is, or undefined when it is a plain value or a malformed binding. */
export function optionBinding(value: unknown): OptionBinding | undefined {
  if (!isBindingLike(value)) return undefined;
  const parsed = OptionBinding.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
