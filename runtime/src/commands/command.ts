import { type Env, namedVariables, valueOf } from "../contract/env.ts";
import { loadManifest, MANIFEST_VARIABLE } from "../contract/load-manifest.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { resolveSecretFiles } from "../contract/secret-file.ts";
import type { JobInput } from "../jobs/catalog.ts";

/** A command of `opspec-runtime`. */
export interface RuntimeCommand {
  readonly name: string;
  /** Arguments and options, for the help. */
  readonly usage: string;
  readonly summary: string;
  /** Resolves to the exit code. Throws a UsageError or a ConfigurationError. */
  readonly run: (args: readonly string[], env: Env) => Promise<number>;
}

/** The arguments are wrong; the command exits with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads arguments with Node's `parseArgs`, whose errors become a UsageError. */
export function readArguments<T>(command: RuntimeCommand, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${error.message}\n${usageLine(command)}`);
  }
}

/** The usage line of a command. */
export function usageLine({ name, usage }: RuntimeCommand): string {
  return `Usage: opspec-runtime ${name} ${usage}`.trimEnd();
}

/** The signals with which platforms and people end a process. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Aborts `stop` when the process receives a signal to end. */
export function stopOnSignals(stop: AbortController = new AbortController()): AbortController {
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop.abort());
  return stop;
}

/**
 * The environment, with the file of each `X_FILE` read into `X`, and the manifest that
 * OPSPEC_MANIFEST names, if it does: a developer's machine has none. Throws a ConfigurationError.
 */
export function readEnvironment(environment: Env = process.env): {
  readonly manifest: RuntimeManifest | undefined;
  readonly env: Env;
} {
  const hasManifest = valueOf(environment, MANIFEST_VARIABLE) !== undefined;
  const manifest = hasManifest ? loadManifest(environment) : undefined;
  const named = new Set(manifest ? namedVariables(manifest).keys() : []);
  return { manifest, env: resolveSecretFiles(environment, named) };
}

/** The input of `--input name=value`, which may be repeated. A value is JSON, or else text. */
export function inputOf(texts: readonly string[]): JobInput {
  return Object.fromEntries(
    texts.map((text) => {
      const [name = "", ...rest] = text.split("=");
      if (name !== "" && rest.length > 0) return [name, jsonOrText(rest.join("="))];
      throw new UsageError(`--input: "${text}" is not a name and a value. Write name=value.`);
    }),
  );
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
