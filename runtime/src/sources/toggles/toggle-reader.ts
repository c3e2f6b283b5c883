import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { ManifestSource, ManifestToggle } from "../../contract/source.ts";
import { valueOf } from "../../contract/env.ts";
import { openRedis } from "../../databases/redis/connection.ts";
import type { Row } from "../row.ts";
import { readSource } from "../source.ts";
import type { SourceDeps } from "../source-deps.ts";
import { errorCode } from "../../contract/error-code.ts";
import { SourceError, sourceName } from "../source-error.ts";
import { lookUp } from "./toggle-table.ts";
import { meaningOf } from "./toggle-value.ts";

type Reader = ManifestToggle["reader"];

/** What a reader answered, and the words in which it is told. */
export interface ToggleReading {
  readonly meaning: ReturnType<typeof meaningOf>;
  /** What was looked at, for example `variable DIGEST_ENABLED`. */
  readonly where: string;
}

/** What a reader needs: rows of a table are read once for all the toggles in it. */
export interface ToggleReaderDeps extends SourceDeps {
  readonly tableRows: (source: ManifestSource) => Promise<Row[]>;
}

/** Asks a toggle's reader now. A reader that does not answer throws an error. */
export async function readToggle(reader: Reader, deps: ToggleReaderDeps): Promise<ToggleReading> {
  const where = whereOf(reader);
  if (reader.kind === "marker") {
    return { meaning: (await isThere(reader.path, deps)) ? "off" : "on", where };
  }
  return { meaning: meaningOf(await readValue(reader, deps)), where };
}

async function readValue(
  reader: Exclude<Reader, { kind: "marker" }>,
  deps: ToggleReaderDeps,
): Promise<unknown> {
  switch (reader.kind) {
    case "env":
      return valueOf(deps.env, reader.name);
    case "redis":
      return readKey(reader, deps);
    case "sql": {
      const [row = {}] = await readSource(reader, deps);
      return Object.values(row)[0];
    }
    case "table": {
      const lookup = lookUp(await deps.tableRows(reader.source), reader);
      if ("problem" in lookup) throw new SourceError(reader.source, lookup.problem);
      return lookup.value;
    }
  }
}

/** A connection of its own: reads are half a minute apart. */
async function readKey(
  { urlEnv, key }: Extract<Reader, { kind: "redis" }>,
  { env }: SourceDeps,
): Promise<string | null> {
  const connection = await openRedis(urlEnv, env);
  try {
    return await connection.use("read a toggle", (redis) => redis.get(key));
  } finally {
    await connection.close();
  }
}

/**
 * Whether a marker is there. A link is followed: a marker on a disk is a link that is always there,
 * and points to nothing while the marker is not set.
 */
async function isThere(path: string, { directory }: SourceDeps): Promise<boolean> {
  try {
    await stat(resolve(directory, path));
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new SourceError(`file ${path}`, `cannot be looked for (${code ?? "unknown reason"})`);
  }
}

function whereOf(reader: Reader): string {
  switch (reader.kind) {
    case "marker":
      return `marker ${reader.path}`;
    case "env":
      return `variable ${reader.name}`;
    case "redis":
      return `Redis key ${reader.key}`;
    case "sql":
      return sourceName(reader);
    case "table":
      return `"${reader.key}" in ${sourceName(reader.source)}`;
  }
}
