import type * as z from "zod/mini";
import { kindOf } from "../contract/issue-words.ts";
import { isBindingLike, optionBinding } from "./option-binding.ts";

/** What is wrong with one option; `option` is empty when it is about all of them. */
export interface OptionProblem {
  readonly option: string;
  readonly message: string;
  readonly remedy: string;
}

/** What is wrong with the options of the job `uses`, of which the schema is given. */
export function optionProblems(
  uses: string,
  schema: z.ZodMiniObject,
  options: object,
): OptionProblem[] {
  const { values, unknownYet, malformed } = splitBindings(options);
  const result = schema.safeParse(values);
  if (result.success) return malformed;
  const problems = result.error.issues
    .filter((issue) => !unknownYet.has(String(issue.path[0])))
    .flatMap((issue) => issueProblems({ uses, schema, values }, issue));
  return [...malformed, ...problems];
}

interface SplitOptions {
  /** Plain values, and the defaults of bindings. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Options whose value only the environment says, or whose binding is malformed. */
  readonly unknownYet: ReadonlySet<string>;
  readonly malformed: readonly OptionProblem[];
}

function splitBindings(options: object): SplitOptions & { malformed: OptionProblem[] } {
  const values: Record<string, unknown> = {};
  const unknownYet = new Set<string>();
  const malformed: OptionProblem[] = [];
  for (const [option, value] of Object.entries(options)) {
    const binding = optionBinding(value);
    if (!isBindingLike(value)) values[option] = value;
    else if (binding && binding.default !== undefined) values[option] = binding.default;
    else {
      unknownYet.add(option);
      // It keeps its place, so that a name that the job does not know is still found.
      values[option] = undefined;
    }
    if (isBindingLike(value) && !binding) malformed.push(malformedBinding(option));
  }
  return { values, unknownYet, malformed };
}

function malformedBinding(option: string): OptionProblem {
  return {
    option,
    message: "is not a binding to an environment variable.",
    remedy: "Write { env: NAME, default: value }, with a name of letters, digits and underscores.",
  };
}

interface CheckedOptions {
  readonly uses: string;
  readonly schema: z.ZodMiniObject;
  readonly values: object;
}

function issueProblems(
  { uses, schema, values }: CheckedOptions,
  issue: z.core.$ZodIssue,
): OptionProblem[] {
  if (issue.code === "unrecognized_keys") {
    const remedy = `It knows: ${Object.keys(schema.shape).join(", ") || "none"}.`;
    return issue.keys.map((option) => ({
      option,
      message: `"${uses}" has no such option.`,
      remedy,
    }));
  }
  const option = issue.path.join("/");
  const isMissing = issue.path.reduce<unknown>(valueAt, values) === undefined;
  if (isMissing) return [{ option, message: "is missing.", remedy: `"${uses}" needs it.` }];
  return [
    {
      option,
      message: `is of the wrong kind: ${kindOf(issue)}.`,
      remedy: "Correct the value.",
    },
  ];
}

function valueAt(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
