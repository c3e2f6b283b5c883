import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What a look at every page of a copy brought. */
export interface Verdict {
  /** What SQLite finds wrong; empty when the copy is good. */
  readonly problems: readonly string[];
  /** Rows by table: a copy that is whole and empty is seen to be empty. */
  readonly rows: Readonly<Record<string, number>>;
}

/** Most problems that are told. */
const PROBLEMS_MAX = 5;

/**
 * Plain JavaScript in a text, because a bundle has no second file that a thread could begin with.
 *
 * The journal mode is set back, so that the copy is one file that a reader never adds two others to.
 */
const PROGRAM = String.raw`
  import { DatabaseSync } from "node:sqlite";
  import { parentPort, workerData } from "node:worker_threads";
  const TABLES = "SELECT name FROM pragma_table_list"
    + " WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
  function look(copy) {
    copy.exec("PRAGMA journal_mode = DELETE");
    const found = copy.prepare("PRAGMA integrity_check(" + workerData.problemsMax + ")").all();
    const problems = found.map((row) => row.integrity_check).filter((text) => text !== "ok");
    const rows = {};
    for (const { name } of problems.length === 0 ? copy.prepare(TABLES).all() : []) {
      const quoted = '"' + name.replaceAll('"', '""') + '"';
      rows[name] = copy.prepare("SELECT count(*) AS n FROM " + quoted).get().n;
    }
    return { problems, rows };
  }
  const copy = new DatabaseSync(workerData.path);
  try {
    parentPort.postMessage(look(copy));
  } catch (error) {
    // A file may be so damaged that it cannot be looked at.
    if (error.code !== "ERR_SQLITE_ERROR") throw error;
    parentPort.postMessage({ problems: [error.message], rows: {} });
  } finally {
    copy.close();
  }
`;

/**
 * Reads all of a copy and says what is wrong with it.
 *
 * In a thread, because it takes seconds for a gigabyte and SQLite's calls wait: the process answers
 * health checks meanwhile.
 */
export async function verifyCopy(path: string, signal: AbortSignal): Promise<Verdict> {
  const workerData = { path, problemsMax: PROBLEMS_MAX };
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
