import type { ManifestSource } from "../contract/source.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { type Clock, SYSTEM_CLOCK } from "../run/clock.ts";

/** One row of a source: its columns by name, in the source's order. */
export type Row = Readonly<Record<string, unknown>>;

/** Where and how a source is read. */
export interface SourceOptions {
  /** With `X_FILE` resolved into `X`. */
  readonly env: Env;
  /** Base of relative paths. */
  readonly directory: string;
  readonly signal?: AbortSignal;
  /** Time limit of the whole read, in ms. Default: 30 s. */
  readonly timeoutMs?: number;
  /** Pause before the first retry of a request, in ms. Default: 1 s. */
  readonly retryMs?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** One read. Its signal is aborted at its time limit. */
export interface SourceReading extends SourceOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** The current time in ms since 1970. */
export function nowOf({ clock = SYSTEM_CLOCK }: Pick<SourceOptions, "clock">): number {
  return clock.now().getTime();
}

/** A source could not be read. The message holds no credential and no host. */
export class SourceError extends Error {
  override readonly name = "SourceError";

  constructor(source: ManifestSource | string, problem: string, remedy?: string) {
    const where = typeof source === "string" ? source : sourceName(source);
    super(`${where}: ${problem}.${remedy === undefined ? "" : ` ${remedy}`}`);
  }
}

/** A variable that the source needs is not set. */
export class SourceNotSet extends SourceError {
  constructor(source: ManifestSource, variable: string) {
    super(source, `the variable ${variable} is not set`, "Set it.");
  }
}

/** The value of a variable that the source names. */
export function sourceVariable(source: ManifestSource, name: string, env: Env): string {
  const value = valueOf(env, name);
  if (value !== undefined) return value;
  throw new SourceNotSet(source, name);
}

/** The name of a source in messages: its path, or the variable that holds its address. */
export function sourceName(source: ManifestSource): string {
  switch (source.kind) {
    case "file":
      return `file ${source.path}`;
    case "sql":
      return `sql of ${source.path ?? source.urlEnv ?? "nothing"}`;
    case "http":
      return `http of ${source.urlEnv ?? (source.url === undefined ? "nothing" : plainUrl(source.url))}`;
    case "sheet":
      return `sheet of ${source.sheetEnv}, ${source.range}`;
  }
}

/** The URL without user, password and query, which may be credentials. */
function plainUrl(url: string): string {
  if (!URL.canParse(url)) return "a URL";
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
