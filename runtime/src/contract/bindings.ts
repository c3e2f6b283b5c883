import {
  $ZodArray,
  $ZodBoolean,
  $ZodDefault,
  $ZodEnum,
  $ZodNullable,
  $ZodNumber,
  $ZodOptional,
  $ZodPrefault,
  $ZodString,
  type $ZodType,
} from "zod/v4/core";
import { catalogJob, optionBinding, optionProblems } from "../jobs/catalog.ts";
import {
  parseSchedule,
  type Schedule,
  ScheduleError,
  type ScheduleText,
} from "../schedule/schedule.ts";
import { type Env, meaningOf, valueOf } from "./env.ts";
import {
  attemptAll,
  ConfigurationError,
  type ConfigurationProblem,
} from "./configuration-error.ts";
import { isRunHere, type ManifestJob, type ManifestSchedule } from "./job.ts";

/**
 * Validates the schedules and options of these jobs with the values of this environment. Throws a
 * ConfigurationError with every problem.
 *
 * A long-running process calls this at its start. Otherwise a variable that was mistyped at noon would
 * fail the run of the next night. Options of jobs that other processes run are not validated here.
 */
export function checkBindings(jobs: readonly ManifestJob[], env: Env): void {
  attemptAll(
    jobs.flatMap((job) => {
      const { name, schedule } = job;
      return [
        () => schedule && bindSchedule({ name, schedule }, env),
        () => isRunHere(job) && bindOptions(job, env),
      ];
    }),
  );
}

/**
 * Resolves a job's options: each `{ env: NAME, default }` becomes the variable's value, or else the
 * default. Problems with a variable's value name the variable.
 */
export function bindOptions(
  job: Pick<ManifestJob, "name" | "uses" | "options">,
  env: Env,
): Readonly<Record<string, unknown>> {
  const { name, uses, options = {} } = job;
  const known = catalogJob(uses);
  if (!known) return options;
  const { options: schema, neverEmpty = [] } = known;
  const values: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(options)) {
    const binding = optionBinding(value);
    const text = binding && valueOf(env, binding.env);
    const kind = schema.shape[option];
    if (text !== undefined && kind) values[option] = parseBoundValue(kind, text);
    else if (!binding) values[option] = value;
    else if (binding.default !== undefined) values[option] = binding.default;
  }
  const result = schema.safeParse(values);
  const empty = neverEmpty.flatMap((option) => emptyProblem(job, option, env));
  if (result.success && empty.length === 0) return result.data;
  const problems = optionProblems(uses, schema, values).map((problem) => {
    const option = problem.option.split("/", 1).join("");
    const variable = optionBinding(options[option])?.env;
    const { message, remedy } = problem;
    if (variable === undefined)
      return { where: `jobs/${name}/options/${problem.option}`, message, remedy };
    const what = `it sets the option ${option} of job "${name}"`;
    return values[option] === undefined
      ? { where: variable, message: "is not set.", remedy: `Set it: ${what}.` }
      : { where: variable, message, remedy: `Correct it: ${what}.` };
  });
  throw new ConfigurationError([...problems, ...empty]);
}

/** A variable that is empty, although its option has a default. Without one it counts as not set. */
function emptyProblem(
  { name, options = {} }: Pick<ManifestJob, "name" | "options">,
  option: string,
  env: Env,
): ConfigurationProblem[] {
  const binding = optionBinding(options[option]);
  if (binding?.default === undefined || env[binding.env] !== "") return [];
  const remedy = `Set it, or remove it: it sets the option ${option} of job "${name}".`;
  return [{ where: binding.env, message: "is empty.", remedy }];
}

/**
 * Parses the text of a variable for an option of this schema: numbers and booleans as people write
 * them, lists separated by commas, everything else as JSON. Text that cannot be parsed stays text,
 * which the schema then refuses.
 */
function parseBoundValue(schema: $ZodType, text: string): unknown {
  const inner = unwrap(schema);
  if (inner instanceof $ZodNumber) return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
  if (inner instanceof $ZodBoolean) return parseBoolean(text);
  if (inner instanceof $ZodArray) return parseList(inner, text);
  if (inner instanceof $ZodString || inner instanceof $ZodEnum) return text;
  return parseJson(text);
}

/** The schema inside `optional`, `nullable`, `default` and the like. */
function unwrap(schema: $ZodType): $ZodType {
  const isWrapper =
    schema instanceof $ZodOptional ||
    schema instanceof $ZodNullable ||
    schema instanceof $ZodDefault ||
    schema instanceof $ZodPrefault;
  return isWrapper ? unwrap(schema._zod.def.innerType) : schema;
}

/** Accepts the same words as toggles do. */
function parseBoolean(text: string): boolean | string {
  const meaning = meaningOf(text);
  return meaning === "on" || meaning === "off" ? meaning === "on" : text;
}

function parseList({ _zod }: $ZodArray, text: string): unknown {
  if (text.trim().startsWith("[")) return parseJson(text);
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => parseBoundValue(_zod.def.element, part));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Hours of a leap year. A longer interval has to be in the spec. */
const HOURS_MAX = 24 * 366;

/** Shortest interval that a variable may set, in seconds; see docs/sources.md. */
const SECONDS_MIN = 60;

/**
 * Resolves a job's schedule: the variables of `from` replace the hour, the interval or the zone where
 * they are set.
 */
export function bindSchedule(
  { name, schedule }: { readonly name: string; readonly schedule: ManifestSchedule },
  env: Env,
): Schedule {
  const { pattern, everySeconds, onStart = false, from = {} } = schedule;
  const read = (text: ScheduleText) => parseBoundSchedule(name, from.timezone, text);
  const number = (variable: string | undefined, range: NumberRange) =>
    parseWholeNumber({ job: name, variable, env }, range);
  const timezone = textOf(from.timezone, env) ?? schedule.timezone;
  const hours = number(from.everyHours, { unit: "hours", min: 1, max: HOURS_MAX });
  const secondsRange = { unit: "seconds", min: SECONDS_MIN, max: HOURS_MAX * 3600 };
  const seconds = number(from.everySeconds, secondsRange);
  const hour = number(from.hour, { unit: "hours", min: 0, max: 23 });
  if (hours !== undefined) return read({ every: `${hours}h`, onStart });
  if (seconds !== undefined) return read({ every: `${seconds}s`, onStart });
  if (everySeconds !== undefined) {
    return { ...(pattern === undefined ? {} : { pattern }), everySeconds, onStart, timezone };
  }
  if (pattern === undefined) return { onStart, timezone };
  return read({ cron: hour === undefined ? pattern : withHour(pattern, hour), onStart, timezone });
}

function textOf(variable: string | undefined, env: Env): string | undefined {
  return variable === undefined ? undefined : valueOf(env, variable)?.trim();
}

interface NumberRange {
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

function parseWholeNumber(
  { job, variable, env }: { job: string; variable: string | undefined; env: Env },
  { unit, min, max }: NumberRange,
): number | undefined {
  const text = textOf(variable, env);
  if (variable === undefined || text === undefined) return undefined;
  const value = /^\d{1,8}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const message = `it should be a whole number of ${unit} from ${min} to ${max}.`;
  const remedy = `Correct it: it is part of the schedule of job "${job}".`;
  throw new ConfigurationError([{ where: variable, message, remedy }]);
}

function withHour(pattern: string, hour: number): string {
  const [minute = "0", , ...days] = pattern.split(" ");
  return [minute, String(hour), ...days].join(" ");
}

/** The pattern is from a deployed manifest and valid, so the variable with the zone is the cause. */
function parseBoundSchedule(
  job: string,
  zoneVariable: string | undefined,
  text: ScheduleText,
): Schedule {
  try {
    return parseSchedule(text, "UTC");
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    const where = zoneVariable ?? `jobs/${job}/schedule`;
    throw new ConfigurationError([{ where, message: error.message, remedy: error.remedy }]);
  }
}
