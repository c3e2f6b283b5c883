import * as z from "zod/mini";
import { ConfigurationError, configurationError } from "../contract/configuration-error.ts";
import { EnvName, kindOf } from "../contract/field.ts";
import type { CatalogJob } from "./job.ts";
import * as list from "./list.ts";

export type { CatalogJob } from "./job.ts";

/** Every job of the runtime, by the name that specs use. */
export const CATALOG: Readonly<Record<string, CatalogJob>> = list;

/** The job of this name, or undefined. */
export function catalogJob(uses: string): CatalogJob | undefined {
  return Object.hasOwn(CATALOG, uses) ? CATALOG[uses] : undefined;
}

/** One invalid option. `option` is empty if the problem concerns all options. */
export interface OptionProblem {
  readonly option: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Validates the options of a job of the catalog. Messages do not repeat values, which may be secret.
 *
 * For an option that is bound to an environment variable, `{ env: NAME, default: value }`, this
 * validates the default. Only the process that runs the job knows the variable's value.
 */
export function jobOptionProblems(uses: string, options: object): OptionProblem[] {
  const job = catalogJob(uses);
  return job ? optionProblems(uses, job.options, options) : [];
}

/** Validates the options of the job `uses` against this schema. */
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

/** An option whose value is that of an environment variable, or else the default. */
const OptionBinding = z.strictObject({ env: EnvName, default: z.optional(z.unknown()) });

/** The binding that the value is. Undefined for a plain value and for a malformed binding. */
export function optionBinding(value: unknown): z.infer<typeof OptionBinding> | undefined {
  return isBindingLike(value) ? OptionBinding.safeParse(value).data : undefined;
}

/** Whether the value is meant as a binding: an object with the key `env`. */
function isBindingLike(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "env");
}

function splitBindings(options: object) {
  /** Plain values, and the defaults of bindings. */
  const values: Record<string, unknown> = {};
  /** Options whose value only the environment knows, or whose binding is malformed. */
  const unknownYet = new Set<string>();
  const malformed: OptionProblem[] = [];
  for (const [option, value] of Object.entries(options)) {
    const binding = optionBinding(value);
    values[option] = isBindingLike(value) ? binding?.default : value;
    if (!isBindingLike(value)) continue;
    // The key stays in `values`, so that the schema still reports a name that the job does not have.
    if (values[option] === undefined) unknownYet.add(option);
    if (!binding) malformed.push(malformedBinding(option));
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

function issueProblems(
  at: { readonly uses: string; readonly schema: z.ZodMiniObject; readonly values: object },
  issue: z.core.$ZodIssue,
): OptionProblem[] {
  const { uses, schema, values } = at;
  if (issue.code === "unrecognized_keys") {
    const message = `"${uses}" has no such option.`;
    const remedy = `Its options are: ${Object.keys(schema.shape).join(", ") || "none"}.`;
    return issue.keys.map((option) => ({ option, message, remedy }));
  }
  const option = issue.path.join("/");
  const isMissing = issue.path.reduce<unknown>(valueAt, values) === undefined;
  if (isMissing) return [{ option, message: "is missing.", remedy: `"${uses}" needs it.` }];
  const message = `has an invalid value: ${kindOf(issue)}.`;
  return [{ option, message, remedy: "Correct the value." }];
}

function valueAt(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

/** The input of one manual run, from `--input name=value` or the body of a request. */
export type JobInput = Readonly<Record<string, unknown>>;

/** Parses the input of a run. Throws a ConfigurationError with every problem. */
export function parseInput(
  { name, uses }: { readonly name: string; readonly uses: string },
  input: JobInput = {},
): JobInput {
  if (Object.keys(input).length === 0) return input;
  const where = `jobs/${name}/input`;
  const schema = catalogJob(uses)?.input;
  if (!schema) {
    const remedy = `Start it without: ${Object.keys(input).join(", ")}.`;
    throw configurationError(where, `"${uses}" takes no input.`, remedy);
  }
  const problems = optionProblems(uses, schema, input).map(({ option, message, remedy }) => {
    return { where: `${where}/${option}`, message, remedy };
  });
  if (problems.length > 0) throw new ConfigurationError(problems);
  return schema.parse(input);
}

/** One input of a job, as the console and the API show it. */
export interface InputName {
  readonly name: string;
  readonly description: string;
  readonly isYesOrNo: boolean;
}

/** The inputs that a manual run of the job accepts. */
export function inputNames(uses: string): InputName[] {
  return Object.entries(catalogJob(uses)?.input?.shape ?? {}).map(([name, schema]) => ({
    name,
    description: z.globalRegistry.get(schema)?.description ?? "",
    isYesOrNo: z.safeParse(schema, true).success && !z.safeParse(schema, "yes").success,
  }));
}
