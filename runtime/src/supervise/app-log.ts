import type { RuntimeManifest } from "../contract/manifest.ts";
import { createLogger } from "../log.ts";
import type { Env } from "../contract/env.ts";
import { type Logger, pino } from "pino";

/**
 * The logger for the lines that an app writes.
 *
 * An app that writes JSON objects has fields of its own, which a line within a line would hide: they
 * pass as they are, but without secrets. Other lines become the message of one.
 */
export function appLogger(
  manifest: RuntimeManifest,
  env: Env,
  write: (line: string) => void = toStdout(),
): Logger {
  return createLogger({ manifest, env, name: "app", write: (line) => write(unwrap(line)) });
}

function unwrap(line: string): string {
  const message = objectOf(line)?.["msg"];
  const isObject = typeof message === "string" && objectOf(message) !== undefined;
  return isObject ? `${message.trim()}\n` : line;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function toStdout(): (line: string) => void {
  const destination = pino.destination({ fd: 1, sync: true });
  return (line) => void destination.write(line);
}
