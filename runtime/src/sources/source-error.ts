import type { ManifestSource } from "../contract/source.ts";
import { type Env, valueOf } from "../contract/env.ts";

/** A source that could not be read. Its text holds no credential and no host. */
export class SourceError extends Error {
  override readonly name = "SourceError";

  constructor(source: ManifestSource | string, problem: string, remedy?: string) {
    const where = typeof source === "string" ? source : sourceName(source);
    super(`${where}: ${problem}.${remedy === undefined ? "" : ` ${remedy}`}`);
  }
}

/** A variable that the source needs is not set, so that the source is not set up. */
export class SourceNotSet extends SourceError {
  constructor(source: ManifestSource, variable: string) {
    super(source, `the variable ${variable} is not set`, "Set it.");
  }
}

/** What a source is called in messages: by its path or by the variable that says where it is. */
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

/** The URL without what may be a credential: user, password and query. */
function plainUrl(url: string): string {
  if (!URL.canParse(url)) return "a URL";
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** The value of a variable that the source names. */
export function sourceVariable(source: ManifestSource, name: string, env: Env): string {
  const value = valueOf(env, name);
  if (value !== undefined) return value;
  throw new SourceNotSet(source, name);
}
