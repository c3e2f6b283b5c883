import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { statefulAlerts } from "../alerts/stateful-alert.ts";
import type { JobContext } from "../jobs/definition.ts";
import { INTEGRITY, isBusy, retryWhileBusy } from "../databases/sqlite.ts";

/** Most problems that a check lists. */
const PROBLEMS_MAX = 5;

/** The result of a check of every page of a database. */
export interface DatabaseCheck {
  /** SQLite's findings; empty when the database is sound. */
  readonly problems: readonly string[];
  /**
   * What SQLite outside the app cannot check, with the reason: the app has its own collations,
   * functions, tokenizers or virtual tables. It is not a problem of the database.
   */
  readonly unchecked: readonly string[];
  /** Rows by table, so that a sound but empty copy shows. */
  readonly rows: Readonly<Record<string, number>>;
  /** Columns by table. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** `PRAGMA user_version`, which many apps raise with each migration. */
  readonly userVersion: number;
  /** Rows with a foreign key to a missing row. SQLite allows them unless the app forbids them. */
  readonly brokenKeys: number;
}

export interface CheckOptions {
  readonly signal: AbortSignal;
  /**
   * `own` (the default): our own copy, whose journal mode is reset so that it stays one file when it is
   * read. `as-is`: the check changes nothing and creates no file beside the database.
   */
  readonly mode?: "own" | "as-is";
  /** Checks foreign keys too. That takes a look-up per row, so not at every backup. */
  readonly foreignKeys?: boolean;
}

/** A module as text, because the bundle has no second file with which a thread could start. */
const PROGRAM = String.raw`
  ${INTEGRITY}
  import { DatabaseSync } from "node:sqlite";
  import { pathToFileURL } from "node:url";
  import { parentPort, workerData } from "node:worker_threads";
  const TABLES = "SELECT name FROM pragma_table_list"
    + " WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
  const NOTHING = { problems: [], unchecked: [], rows: {}, columns: {}, userVersion: 0, brokenKeys: 0 };
  function openIt({ path, mode }) {
    if (mode !== "as-is") return new DatabaseSync(path);
    const url = pathToFileURL(path);
    url.search = "immutable=1";
    return new DatabaseSync(url, { readOnly: true });
  }
  function check(copy) {
    if (workerData.mode !== "as-is") copy.exec("PRAGMA journal_mode = DELETE");
    const { problems, unchecked } = integrityOf(copy, "integrity_check", workerData.problemsMax);
    if (problems.length > 0) return { ...NOTHING, problems };
    const rows = {};
    const columns = {};
    for (const { name } of copy.prepare(TABLES).all()) {
      rows[name] = rowsOf(copy, name);
      columns[name] = copy.prepare("SELECT name FROM pragma_table_info(?)").all(name).map((it) => it.name);
    }
    const userVersion = copy.prepare("PRAGMA user_version").get().user_version;
    const keys = workerData.foreignKeys ? brokenKeysOf(copy, Object.keys(rows)) : NO_KEYS;
    return { problems, unchecked: [...unchecked, ...keys.unchecked], rows, columns, userVersion, brokenKeys: keys.broken };
  }
  const NO_KEYS = { broken: 0, unchecked: [] };
  function brokenKeysOf(copy, tables) {
    const broken = copy.prepare("SELECT count(*) AS n FROM pragma_foreign_key_check(?)");
    return tables.reduce((sum, table) => {
      const { value, why } = firstPossible(() => broken.get(table));
      if (value) return { ...sum, broken: sum.broken + value.n };
      const unchecked = 'foreign keys of "' + table + '" were not checked: ' + why;
      return { ...sum, unchecked: [...sum.unchecked, unchecked] };
    }, NO_KEYS);
  }
  let copy;
  try {
    copy = openIt(workerData);
    parentPort.postMessage(check(copy));
  } catch (error) {
    // A file may be too damaged to check.
    if (error.code !== "ERR_SQLITE_ERROR") throw error;
    parentPort.postMessage({ ...NOTHING, problems: [error.message] });
  } finally {
    copy?.close();
  }
`;

/**
 * Reads a whole database and reports its problems.
 *
 * It runs in a thread: a gigabyte takes seconds, and SQLite's calls would block the event loop.
 */
export async function checkDatabase(path: string, options: CheckOptions): Promise<DatabaseCheck> {
  const { signal, mode = "own", foreignKeys = false } = options;
  const workerData = { path, mode, foreignKeys, problemsMax: PROBLEMS_MAX };
  // A data URL is a module with any flags of the process.
  const program = new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`);
  const worker = new Worker(program, { workerData });
  try {
    const [check]: DatabaseCheck[] = await once(worker, "message", { signal });
    if (!check) throw new Error("unreachable: a thread's message has a value");
    return check;
  } finally {
    await worker.terminate();
  }
}

/**
 * Alerts once about what SQLite outside the app cannot check in backups of this prefix, and sends the
 * resolved notice for a backup that is checked as a whole.
 */
export async function alertUnchecked(
  { job, process, log }: Pick<JobContext, "job" | "process" | "log">,
  prefix: string,
  { file, unchecked }: { readonly file: string; readonly unchecked: readonly string[] },
): Promise<void> {
  if (unchecked.length > 0) log.warn({ file, unchecked }, "a part of the backup cannot be checked");
  if (!process) return;
  const { manifest, alerts, clock } = process;
  const backups = `${manifest.stack}: backups ${prefix}*`;
  const isWhole = unchecked.length === 0;
  const title = isWhole
    ? `${backups} are checked as a whole`
    : `${backups} are kept, but a part cannot be checked outside the app: ${unchecked[0]}`;
  const about = { job, title, details: isWhole ? { file } : { file, unchecked } };
  await statefulAlerts({ manifest, alerts, clock }).set(
    `backups/${prefix}/unchecked`,
    isWhole ? { resolved: { kind: "resolved", ...about } } : { raised: { kind: "rule", ...about } },
  );
}

/** The part of a database that differs between two apps or two of their versions. */
export type DatabaseSchema = Pick<DatabaseCheck, "columns" | "userVersion">;

const COLUMNS = `SELECT t.name AS "table", c.name AS "column"
  FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
  WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'`;

/** The schema of a database in use; undefined when the file is missing or no valid database. */
export async function readSchema(
  database: string,
  signal: AbortSignal,
): Promise<DatabaseSchema | undefined> {
  try {
    return await retryWhileBusy(() => schemaOf(database), { signal });
  } catch (error) {
    // A locked database may have a schema.
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
 * Why a file is not accepted: a table is missing, or its schema differs from the present database.
 * Empty when it is accepted.
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
  const [has, needs] = [namesIn(found), namesIn(present)];
  const older = needs.filter((name) => !has.includes(name));
  const newer = has.filter((name) => !needs.includes(name));
  const names = [
    ...older.map((name) => `it does not have ${name}: it is older`),
    ...newer.map((name) => `it has ${name}, which the database does not have`),
  ];
  if (found.userVersion === present.userVersion) return names;
  const version = `its user_version is ${found.userVersion}, not ${present.userVersion}`;
  return [version, ...names];
}

/** Tables, and columns with their tables. */
function namesIn({ columns }: DatabaseSchema): string[] {
  return Object.entries(columns).flatMap(([table, names]) => [
    table,
    ...names.map((name) => `${table}.${name}`),
  ]);
}
