import { CATALOG } from "../jobs/catalog.ts";
import type { ManifestJob } from "./job.ts";
import { optionBinding } from "../jobs/option-binding.ts";
import { type OptionProblem, optionProblems } from "../jobs/option-problem.ts";
import { parseBoundValue } from "./bound-value.ts";
import { ConfigurationError, type ConfigurationProblem } from "./configuration-error.ts";
import { type Env, valueOf } from "./env.ts";

/**
 * A job's options as this environment makes them: each `{ env: NAME, default }` is the variable's
 * value, or else the default. A value that the job cannot take is refused by the variable's name.
 */
export function bindOptions(
  job: Pick<ManifestJob, "name" | "uses" | "options">,
  env: Env,
): Readonly<Record<string, unknown>> {
  const catalogJob = CATALOG[job.uses];
  if (!catalogJob) return job.options ?? {};
  const { options: schema, neverEmpty = [] } = catalogJob;
  const values: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  for (const [option, value] of Object.entries(job.options ?? {})) {
    const binding = optionBinding(value);
    const text = binding && valueOf(env, binding.env);
    const kind = schema.shape[option];
    if (text !== undefined && kind) values[option] = parseBoundValue(kind, text);
    else if (!binding) values[option] = value;
    else if (binding.default !== undefined) values[option] = binding.default;
    if (binding) sources.set(option, binding.env);
  }
  const result = schema.safeParse(values);
  const empty = neverEmpty.flatMap((option) => emptyProblem(job, option, env));
  if (result.success && empty.length === 0) return result.data;
  const problems = optionProblems(job.uses, schema, values).map((problem) => {
    const option = problem.option.split("/", 1).join("");
    const variable = sources.get(option);
    if (variable === undefined) return ofOption(job.name, problem);
    return ofVariable({ job: job.name, option, variable }, values[option], problem.message);
  });
  throw new ConfigurationError([...problems, ...empty]);
}

/** Without a default it is refused as one that is not set. */
function emptyProblem(
  { name, options = {} }: Pick<ManifestJob, "name" | "options">,
  option: string,
  env: Env,
): ConfigurationProblem[] {
  const binding = optionBinding(options[option]);
  if (binding?.default === undefined || env[binding.env] !== "") return [];
  const remedy = `Set it, or remove it: it is the option ${option} of the job ${name}.`;
  return [{ where: binding.env, message: "is set to nothing.", remedy }];
}

function ofOption(job: string, { option, message, remedy }: OptionProblem): ConfigurationProblem {
  return { where: `jobs/${job}/options/${option}`, message, remedy };
}

function ofVariable(
  { job, option, variable }: { job: string; option: string; variable: string },
  value: unknown,
  message: string,
): ConfigurationProblem {
  const what = `it is the option ${option} of the job ${job}`;
  if (value === undefined) {
    return { where: variable, message: "is not set.", remedy: `Set it: ${what}.` };
  }
  return { where: variable, message, remedy: `Correct it: ${what}.` };
}
