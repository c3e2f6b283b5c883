import { execFileSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { secretValueProblems } from "./model/secret-value.ts";
import type { SecretModel } from "./model/stack-model.ts";

/** The secrets of a stack. Only this module sees their values. */
export interface Secrets {
  /** The value, always marked secret; `undefined` where an optional secret is not set. */
  valueOf(name: string): pulumi.Output<string> | undefined;
}

export interface SecretsOptions {
  /** The environment variables that may contain values. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Uses a placeholder for a missing value, for a cloud that runs no processes. */
  readonly placeholder?: (name: string) => string;
  /** Called with the secrets that got a placeholder. */
  readonly onPlaceholders?: (names: readonly string[]) => void;
}

interface Generation extends SecretsOptions {
  readonly generate: (secret: {
    name: string;
    bytes: number;
    rotation?: string;
  }) => pulumi.Output<string>;
}

/** A value and its source. */
interface SecretCandidate {
  readonly source: string;
  readonly value: string;
}

/** A secret with every value that was found, and the problems of its sources. */
interface SecretCandidates {
  readonly model: SecretModel;
  readonly given: readonly SecretCandidate[];
  readonly problems: readonly string[];
}

/** Timeout of a command that prints a value; password managers call their server. */
const COMMAND_TIMEOUT_MS = 30_000;

/**
 * Resolves every secret from Pulumi's encrypted config (`opspec:NAME`), the environment
 * (`OPSPEC_SECRET_NAME` or the aliases), a command, or a value generated for the stack.
 *
 * @throws RunError with all problems at once, and without any value
 */
export function resolveSecrets(models: readonly SecretModel[], options: Generation): Secrets {
  const found = models.map((model) => find(model, options));
  const missing = found.filter(isMissing).map((it) => it.model);
  const problems = [
    ...found.flatMap(valueProblems),
    ...(options.placeholder
      ? []
      : missing.filter((it) => it.required === true).map(missingProblem)),
  ];
  if (problems.length > 0) throw new pulumi.RunError(renderProblems(problems));

  if (options.placeholder) {
    if (missing.length > 0) options.onPlaceholders?.(missing.map((it) => it.name));
  } else warn(missing, models);
  const values = new Map(found.map((it) => [it.model.name, valueFor(it, options)] as const));
  return { valueOf: (name) => values.get(name) };
}

function find(model: SecretModel, options: Generation): SecretCandidates {
  const { name, aliases = [], command } = model;
  const key = `opspec:${name}`;
  const configured = pulumi.runtime.getConfig(key);
  const variables = [`OPSPEC_SECRET_${name}`, name, ...aliases];
  const given = [
    ...(configured === undefined ? [] : [{ source: `config ${key}`, value: configured }]),
    // GitHub passes an unset secret as an empty text.
    ...variables.flatMap((it) => {
      const value = options.environment[it];
      return value ? [{ source: it, value }] : [];
    }),
  ];
  const inClear = configured !== undefined && !isConfigSecret(key);
  const problems = inClear
    ? [
        `${name}: is stored in clear text in the stack's configuration. Set it with: pulumi config set --secret ${name}.`,
      ]
    : [];
  if (given.length > 0 || !command || options.placeholder) return { model, given, problems };
  return { model, ...askCommand(name, command) };
}

/** Whether this key of the configuration is encrypted. The SDK's types lack the function. */
function isConfigSecret(key: string): boolean {
  const runtime: object = pulumi.runtime;
  if (!("isConfigSecret" in runtime)) return true;
  const { isConfigSecret: ask } = runtime;
  return typeof ask !== "function" || Boolean(ask(key));
}

/** The command's standard output without the newline at its end. What it prints is never shown. */
function askCommand(name: string, command: readonly string[]): Omit<SecretCandidates, "model"> {
  const [file = "", ...args] = command;
  try {
    const output = execFileSync(file, args, {
      encoding: "utf8",
      timeout: COMMAND_TIMEOUT_MS,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { given: [{ source: file, value: output.replace(/\r?\n$/, "") }], problems: [] };
  } catch (error) {
    const code = error instanceof Error && "status" in error ? error.status : undefined;
    const how = typeof code === "number" ? `failed with ${code}` : "could not be run";
    return {
      given: [],
      problems: [`${name}: the command ${file} ${how}. Run it by hand to see why.`],
    };
  }
}

function isMissing({ model, given, problems }: SecretCandidates): boolean {
  return given.length === 0 && problems.length === 0 && model.generateBytes === undefined;
}

/** The problems of a secret: different values from two sources, a value that is too short or well known. */
function valueProblems({ model, given, problems }: SecretCandidates): readonly string[] {
  const [first, ...others] = given;
  if (!first || problems.length > 0) return problems;
  const different = others.filter((it) => it.value !== first.value);
  if (different.length > 0) {
    const sources = [first, ...different].map((it) => it.source).join(" and ");
    return [`${model.name}: ${sources} give different values. Keep one of them.`];
  }
  return secretValueProblems(model, first.value);
}

function missingProblem({ name, usedBy }: SecretModel): string {
  return (
    `${name}: is not set; used by ${usedBy.join(", ")}. ` +
    `Set it with: pulumi config set --secret ${name}, or OPSPEC_SECRET_${name} in the environment.`
  );
}

function renderProblems(problems: readonly string[]): string {
  return [`secrets: ${problems.length} problem(s)`, ...problems.map((it) => `  ${it}`)].join("\n");
}

function valueFor(
  { model, given }: SecretCandidates,
  options: Generation,
): pulumi.Output<string> | undefined {
  const { name, generateBytes: bytes, rotation } = model;
  const [first] = given;
  if (first) return pulumi.secret(first.value);
  if (bytes !== undefined) return options.generate({ name, bytes, ...(rotation && { rotation }) });
  return options.placeholder && pulumi.secret(options.placeholder(name));
}

function warn(missing: readonly SecretModel[], models: readonly SecretModel[]): void {
  for (const { name, usedBy } of missing.filter((it) => it.required === "warn")) {
    void pulumi.log.warn(`secret ${name} is not set; ${usedBy.join(", ")} run without it.`);
  }
  for (const { name, rotated, maxAgeSeconds } of models) {
    const ageSeconds = rotated ? (Date.now() - Date.parse(rotated)) / 1000 : 0;
    if (maxAgeSeconds === undefined || ageSeconds <= maxAgeSeconds) continue;
    void pulumi.log.warn(
      `secret ${name} was last rotated on ${rotated}, which exceeds its maxAge. Rotate it.`,
    );
  }
}
