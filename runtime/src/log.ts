import { type Logger, pino } from "pino";
import type { RuntimeManifest } from "./contract/manifest.ts";
import { type Env, isSecretName, secretVariables } from "./contract/env.ts";
import { secretFileNames } from "./contract/secret-file.ts";
import { hideSecrets, redactLine } from "./redaction.ts";

/** The field that ties the lines of one run or request together, unless the manifest names another. */
const TRACE_FIELD = "trace";

/** Whose lines they are. */
export interface LoggerOptions {
  /** Absent when it could not be read, so that a process can log that. */
  readonly manifest: RuntimeManifest | undefined;
  readonly env: Env;
  /** Part of the runtime that speaks: `run`, `supervise`. */
  readonly name: string;
  /** Where lines go instead of stdout. */
  readonly write?: (line: string) => void;
}

/**
 * One JSON object a line: `ts` (ISO 8601, milliseconds, UTC), `level`, `logger`, `msg`, `env` and fields.
 *
 * Secrets are hidden by value and by the names of fields, also within errors and their stacks.
 * Lines are written at once: the last line of a process that crashes is the one that matters.
 */
export function createLogger({ manifest, env, name, write }: LoggerOptions): Logger {
  hideSecrets(secretValues(manifest, env));
  const destination = write ? { write } : pino.destination({ fd: 1, sync: true });
  return pino(
    {
      level: manifest?.log?.level ?? "info",
      base: { logger: name, ...(manifest ? { env: manifest.environment } : {}) },
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      hooks: { streamWrite: redactLine },
    },
    destination,
  );
}

/** A logger whose lines carry the id of one run or request, in the field that the manifest names. */
export function withTrace(log: Logger, manifest: RuntimeManifest | undefined, id: string): Logger {
  return log.child({ [manifest?.log?.traceField ?? TRACE_FIELD]: id });
}

/**
 * The values that no line may contain: those of secret variables, by the manifest or by their
 * names.
 */
function secretValues(manifest: RuntimeManifest | undefined, env: Env): string[] {
  const named = manifest ? secretVariables(manifest) : new Set<string>();
  const declared = new Set(manifest?.secrets);
  const names = [
    ...Object.keys(env).filter((name) => isSecretName(name) || named.has(name)),
    ...secretFileNames(env, named),
  ];
  return names
    .filter((name) => declared.has(name) || !isPlainWord(env[name] ?? ""))
    .map((name) => env[name] ?? "");
}

/** Values of switches and counts, which occur in most lines. */
function isPlainWord(value: string): boolean {
  return /^(true|false|none|null|auto|default|\d{1,5})$/i.test(value);
}
