import { errorCode } from "./error-code.ts";
import { readFileSync } from "node:fs";
import type * as z from "zod/mini";
import { CATALOG, jobOptionProblems } from "../jobs/catalog.ts";
import { MANIFEST_VERSION, RuntimeManifest } from "./manifest.ts";
import { isRunHere, type ManifestJob } from "./job.ts";
import { kindOf } from "./field.ts";
import { RUNTIME_VERSION } from "../version.ts";
import { bindSchedule } from "./bindings.ts";
import {
  ConfigurationError,
  type ConfigurationProblem,
  problemsOf,
} from "./configuration-error.ts";
import { type Env, valueOf } from "./env.ts";

/** The variable with the manifest's path. */
export const MANIFEST_VARIABLE = "OPSPEC_MANIFEST";

/** Loads the manifest of this process. Throws a ConfigurationError with every problem. */
export function loadManifest(env: Env): RuntimeManifest {
  const path = valueOf(env, MANIFEST_VARIABLE);
  if (path === undefined) {
    throw refused("is not set.", "Set it to the path of the deployed manifest.");
  }
  return parseManifest(readJson(path));
}

/** Parses a manifest. Throws a ConfigurationError with every problem. */
export function parseManifest(value: unknown): RuntimeManifest {
  const outdated = versionProblem(value);
  if (outdated) throw new ConfigurationError([outdated]);
  const result = RuntimeManifest.safeParse(value);
  if (!result.success) throw new ConfigurationError(result.error.issues.flatMap(issueProblem));
  const problems = [...runtimeProblems(result.data.runtime), ...jobProblems(result.data)];
  if (problems.length > 0) throw new ConfigurationError(problems);
  return result.data;
}

function refused(message: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ where: MANIFEST_VARIABLE, message, remedy }]);
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCode(error) ?? "unreadable";
    throw refused(
      `${path} cannot be read (${code}).`,
      "Deploy the stack again, or mount the file.",
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw refused(`${path} is not JSON.`, "Deploy the stack again; the file is generated.");
  }
}

/** Checked first, because problems of another version's format mean nothing. */
function versionProblem(value: unknown): ConfigurationProblem | undefined {
  const version =
    typeof value === "object" && value !== null && "version" in value ? value.version : undefined;
  if (version === MANIFEST_VERSION || typeof version !== "number") return undefined;
  const isNewer = version > MANIFEST_VERSION;
  return {
    where: "version",
    message: `the manifest has version ${version}, and runtime ${RUNTIME_VERSION} reads version ${MANIFEST_VERSION}.`,
    remedy: isNewer
      ? "Deploy a newer runtime (runtimeSource)."
      : "Deploy the stack again with the opspec that belongs to this runtime.",
  };
}

/** The runtime must not be older than the one that the manifest was made for, and have the same major version. */
function runtimeProblems(wanted: string): ConfigurationProblem[] {
  const [major = 0, minor = 0, patch = 0] = numbersOf(wanted);
  const [ownMajor = 0, ownMinor = 0, ownPatch = 0] = numbersOf(RUNTIME_VERSION);
  const message = `the manifest was made for runtime ${wanted}, and this is ${RUNTIME_VERSION}.`;
  if (ownMajor > major) {
    return [{ where: "runtime", message, remedy: "Deploy the stack again with a newer opspec." }];
  }
  const isOlder =
    [ownMajor - major, ownMinor - minor, ownPatch - patch].find((it) => it !== 0) ?? 0;
  if (isOlder >= 0) return [];
  return [{ where: "runtime", message, remedy: "Deploy a newer runtime (runtimeSource)." }];
}

function numbersOf(version: string): number[] {
  return version.split(/[.+-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
}

function issueProblem(issue: z.core.$ZodIssue): ConfigurationProblem[] {
  const path = issue.path.map(String);
  const remedy = "Deploy the stack again; the file is generated.";
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      where: [...path, key].join("/"),
      message: "is not a key that this runtime knows.",
      remedy: "Deploy the runtime that belongs to this opspec (runtimeSource).",
    }));
  }
  return [{ where: path.join("/") || "manifest", message: `${kindOf(issue)}.`, remedy }];
}

function jobProblems({ jobs, toggles = [] }: RuntimeManifest): ConfigurationProblem[] {
  const known = new Set(toggles.map((toggle) => toggle.name));
  const names = new Set<string>();
  return jobs.flatMap((job) => {
    const where = `jobs/${job.name}`;
    const isTwice = names.has(job.name);
    names.add(job.name);
    const twice = { where, message: "exists twice.", remedy: "Give each job its own name." };
    return [
      ...(isTwice ? [twice] : []),
      ...workProblems(where, job),
      ...lookupProblems(job, known),
    ];
  });
}

function workProblems(where: string, job: ManifestJob): ConfigurationProblem[] {
  if (!isRunHere(job)) return [];
  if (!Object.hasOwn(CATALOG, job.uses)) {
    const remedy = `Known: ${Object.keys(CATALOG).join(", ")}.`;
    return [{ where: `${where}/uses`, message: `there is no job "${job.uses}".`, remedy }];
  }
  return jobOptionProblems(job.uses, job.options ?? {}).map(({ option, message, remedy }) => ({
    where: `${where}/options/${option}`,
    message,
    remedy,
  }));
}

function lookupProblems(job: ManifestJob, toggles: ReadonlySet<string>): ConfigurationProblem[] {
  const unknown = (job.toggles ?? []).filter((name) => !toggles.has(name));
  const missing = unknown.map((name) => ({
    where: `jobs/${job.name}/toggles`,
    message: `there is no toggle "${name}".`,
    remedy: "Declare it, so that it can be read.",
  }));
  return [...missing, ...scheduleProblems(job)];
}

/** The schedule must be valid without its variables. */
function scheduleProblems({ name, schedule }: ManifestJob): readonly ConfigurationProblem[] {
  return schedule ? problemsOf(() => bindSchedule({ name, schedule }, {})) : [];
}
