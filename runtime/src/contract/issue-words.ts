import type * as z from "zod/mini";

/**
 * In words what a value should be, of which a schema says that it is not.
 *
 * The runtime has its own words: those of zod come with the part of it that costs a run its start.
 */
export function kindOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    const { expected } = issue;
    return `it should be ${WORDS[expected] ?? `${/^[aeio]/.test(expected) ? "an" : "a"} ${expected}`}`;
  }
  if (issue.code === "invalid_value") return `it should be ${issue.values.join(" or ")}`;
  if (issue.code === "too_small") return `it should be at least ${issue.minimum}`;
  return issue.code === "too_big" ? `it should be at most ${issue.maximum}` : "it has another form";
}

/** What zod calls otherwise than people do. */
const WORDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
};
