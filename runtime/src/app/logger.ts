import type { Logger } from "pino";
import { createLogger as createRuntimeLogger } from "../log.ts";
import type { Env } from "../contract/env.ts";
import { appEnvironment } from "./app-environment.ts";

/** Whose lines they are. */
export interface AppLoggerOptions {
  /** Told as `logger` in every line. */
  readonly name: string;
  /** Where variables and the manifest are found; the process' own without it. */
  readonly env?: Env;
  /** Where lines go instead of stdout. */
  readonly write?: (line: string) => void;
}

/** The runtime's logger for an app: one JSON object a line, with secrets hidden by value and by name. */
export function createLogger({ name, env, write }: AppLoggerOptions): Logger {
  return createRuntimeLogger({ ...appEnvironment(env), name, ...(write ? { write } : {}) });
}
