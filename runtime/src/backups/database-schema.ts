import { DatabaseSync } from "node:sqlite";
import { isBusy, retryWhileBusy } from "../databases/sqlite.ts";
import type { Verdict } from "./sqlite-verdict.ts";

/** What a database is made of, as far as it tells two apps or two of their versions apart. */
export type DatabaseSchema = Pick<Verdict, "columns" | "userVersion">;

const COLUMNS = `SELECT t.name AS "table", c.name AS "column"
  FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
  WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'`;

/** The schema of a database in use; undefined when there is none, or when it is a database no more. */
export async function readSchema(
  database: string,
  signal: AbortSignal,
): Promise<DatabaseSchema | undefined> {
  try {
    return await retryWhileBusy(() => schemaOf(database), { signal });
  } catch (error) {
    // One that cannot be read for now may well have a schema to compare with.
    if (isBusy(error)) throw error;
    signal.throwIfAborted();
    return undefined;
  }
}

function schemaOf(database: string): DatabaseSchema {
  using connection = new DatabaseSync(database, { readOnly: true, timeout: 0 });
  const columns: Record<string, string[]> = {};
  for (const row of connection.prepare(COLUMNS).all()) {
    (columns[String(row["table"])] ??= []).push(String(row["column"]));
  }
  const version = connection.prepare("PRAGMA user_version").get()?.["user_version"];
  return { columns, userVersion: Number(version) };
}

/**
 * Why a file is not wished: a table is missing, or it differs from the present database where one is
 * given. Empty when it is fine.
 */
export function schemaProblems(
  { tables }: { readonly tables: readonly string[] },
  found: DatabaseSchema,
  present: DatabaseSchema | undefined,
): string[] {
  if (Object.keys(found.columns).length === 0) return ["it has no tables"];
  const missing = tables.filter((table) => !Object.hasOwn(found.columns, table));
  const problems = missing.map((table) => `it has no table "${table}", so it is another database`);
  return present ? [...problems, ...differences(found, present)] : problems;
}

function differences(found: DatabaseSchema, present: DatabaseSchema): string[] {
  const problems: string[] = [];
  if (found.userVersion !== present.userVersion) {
    problems.push(`its user_version is ${found.userVersion}, not ${present.userVersion}`);
  }
  const [has, needs] = [namesIn(found), namesIn(present)];
  for (const name of needs) {
    if (!has.has(name)) problems.push(`it does not have ${name}: it is older`);
  }
  for (const name of has) {
    if (!needs.has(name)) problems.push(`it has ${name}, which the database does not have`);
  }
  return problems;
}

/** Tables, and columns with their tables. */
function namesIn({ columns }: DatabaseSchema): Set<string> {
  return new Set(
    Object.entries(columns).flatMap(([table, names]) => [
      table,
      ...names.map((name) => `${table}.${name}`),
    ]),
  );
}
