import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What a look at every page of a database brought. */
export interface Verdict {
  /** What SQLite finds wrong; empty when the database is good. */
  readonly problems: readonly string[];
  /** Rows by table: a copy that is whole and empty is seen to be empty. */
  readonly rows: Readonly<Record<string, number>>;
  /** Columns by table. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** `PRAGMA user_version`, which many apps count up with their migrations. */
  readonly userVersion: number;
  /** Rows that point to rows that are not there. SQLite allows them unless the app forbids them. */
  readonly brokenKeys: number;
}

/** How to look. */
export interface Look {
  readonly signal: AbortSignal;
  /**
   * `own` (the default): a copy of ours, whose journal mode is set back so that it is one file that
   * a reader never adds two others to. `as-is`: nothing is changed and nothing is put beside it.
   */
  readonly mode?: "own" | "as-is";
  /** Foreign keys are looked at too: it takes a look-up a row, so not at every backup. */
  readonly foreignKeys?: boolean;
}

/** Most problems that are told. */
const PROBLEMS_MAX = 5;

/** Plain JavaScript in a text, because a bundle has no second file that a thread could begin with. */
const PROGRAM = String.raw`
  import { DatabaseSync } from "node:sqlite";
  import { pathToFileURL } from "node:url";
  import { parentPort, workerData } from "node:worker_threads";
  const TABLES = "SELECT name FROM pragma_table_list"
    + " WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
  const NOTHING = { problems: [], rows: {}, columns: {}, userVersion: 0, brokenKeys: 0 };
  function openIt({ path, mode }) {
    if (mode !== "as-is") return new DatabaseSync(path);
    const url = pathToFileURL(path);
    url.search = "immutable=1";
    return new DatabaseSync(url, { readOnly: true });
  }
  function look(copy) {
    if (workerData.mode !== "as-is") copy.exec("PRAGMA journal_mode = DELETE");
    const found = copy.prepare("PRAGMA integrity_check(" + workerData.problemsMax + ")").all();
    const texts = found.map((row) => row.integrity_check.replace(/^[*]{3} .*\n/, ""));
    const problems = texts.flatMap((text) => text.split("\n")).filter((line) => line !== "ok");
    if (problems.length > 0) return { ...NOTHING, problems: problems.slice(0, workerData.problemsMax) };
    const rows = {};
    const columns = {};
    for (const { name } of copy.prepare(TABLES).all()) {
      const quoted = '"' + name.replaceAll('"', '""') + '"';
      rows[name] = copy.prepare("SELECT count(*) AS n FROM " + quoted).get().n;
      columns[name] = copy.prepare("SELECT name FROM pragma_table_info(?)").all(name).map((it) => it.name);
    }
    const userVersion = copy.prepare("PRAGMA user_version").get().user_version;
    const broken = "SELECT count(*) AS n FROM pragma_foreign_key_check";
    const brokenKeys = workerData.foreignKeys ? copy.prepare(broken).get().n : 0;
    return { problems, rows, columns, userVersion, brokenKeys };
  }
  let copy;
  try {
    copy = openIt(workerData);
    parentPort.postMessage(look(copy));
  } catch (error) {
    // A file may be so damaged that it cannot be looked at.
    if (error.code !== "ERR_SQLITE_ERROR") throw error;
    parentPort.postMessage({ ...NOTHING, problems: [error.message] });
  } finally {
    copy?.close();
  }
`;

/**
 * Reads all of a database and says what is wrong with it.
 *
 * In a thread, because it takes seconds for a gigabyte and SQLite's calls wait: the process answers
 * health checks meanwhile.
 */
export async function verifyDatabase(path: string, look: Look): Promise<Verdict> {
  const { signal, mode = "own", foreignKeys = false } = look;
  const workerData = { path, mode, foreignKeys, problemsMax: PROBLEMS_MAX };
  // A data URL is a module whatever the flags are with which the process was started.
  const program = new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`);
  const worker = new Worker(program, { workerData });
  try {
    const [verdict]: Verdict[] = await once(worker, "message", { signal });
    if (!verdict) throw new Error("unreachable: a thread's message has a value");
    return verdict;
  } finally {
    await worker.terminate();
  }
}
