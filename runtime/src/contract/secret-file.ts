import { errorCode } from "./error-code.ts";
import { readFileSync } from "node:fs";
import { ConfigurationError, type ConfigurationProblem } from "./configuration-error.ts";
import { type Env, isSecretName, valueOf } from "./env.ts";

/** Maximum size of a secret. The largest secrets are keys of a few kilobytes. */
const SECRET_BYTES_MAX = 64 * 1024;

const SUFFIX = "_FILE";

/**
 * Resolves secrets in files: `X_FILE=/run/secrets/x` also sets `X` to the content of the file.
 *
 * This applies to names that look like a secret's and to those in `named`, but not to `LOG_FILE`.
 * A line break at the end of the file is removed, because editors and `echo` add one.
 */
export function resolveSecretFiles(env: Env, named: ReadonlySet<string> = new Set()): Env {
  const resolved: Record<string, string | undefined> = { ...env };
  const problems: ConfigurationProblem[] = [];
  for (const name of secretFileNames(env, named)) {
    const read = readSecret(env, name);
    if (typeof read === "string") resolved[name] = read;
    else if (read) problems.push(read);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return resolved;
}

/** The names of the secrets that files contain. */
export function secretFileNames(env: Env, named: ReadonlySet<string> = new Set()): string[] {
  return Object.keys(env)
    .filter((key) => key.endsWith(SUFFIX) && valueOf(env, key) !== undefined)
    .map((key) => key.slice(0, -SUFFIX.length))
    .filter((name) => isSecretName(name) || named.has(name));
}

/** Undefined for a large file, which is not a secret, such as the certificates in `SSL_CERT_FILE`. */
function readSecret(env: Env, name: string): string | ConfigurationProblem | undefined {
  const where = `${name}${SUFFIX}`;
  if (valueOf(env, name) !== undefined) {
    return { where, message: `is set in addition to ${name}.`, remedy: "Keep one of the two." };
  }
  const path = env[where] ?? "";
  try {
    const content = readFileSync(path);
    if (content.length > SECRET_BYTES_MAX) return undefined;
    return content.toString("utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const reason = errorCode(error) ?? "unreadable";
    return {
      where,
      message: `${path} cannot be read (${reason}).`,
      remedy: "Correct the path or the file's permissions.",
    };
  }
}
