import * as z from "zod/mini";

/** A duration in whole seconds, at least 1. */
export const Seconds = z.int().check(z.minimum(1));

/** A duration in whole milliseconds, at least 1. */
export const Milliseconds = z.int().check(z.minimum(1));

/** Name of an environment variable. A manifest contains names of variables, never their values. */
export const EnvName = z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/));

/** Adds the text that the reference, the spec's schema and editors show for an option. */
export function described<T extends z.ZodMiniType>(
  schema: T,
  description: string,
  ...examples: unknown[]
): T {
  return schema.check(z.meta({ description, ...(examples.length > 0 ? { examples } : {}) }));
}

/** Names of types that differ from zod's. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
};

/**
 * Describes the value that a schema expects.
 *
 * zod's own messages are in a part of zod that would slow down the start of every run.
 */
export function kindOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    const { expected } = issue;
    const article = /^[aeio]/.test(expected) ? "an" : "a";
    return `it should be ${TYPE_NAMES[expected] ?? `${article} ${expected}`}`;
  }
  if (issue.code === "invalid_value") return `it should be ${issue.values.join(" or ")}`;
  if (issue.code === "too_small") return `it should be at least ${issue.minimum}`;
  return issue.code === "too_big"
    ? `it should be at most ${issue.maximum}`
    : "it has another format";
}
