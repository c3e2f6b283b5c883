import { open, stat } from "node:fs/promises";
import { hasResultCode } from "../sources/sqlite-busy.ts";

/** First bytes of every SQLite database. @see https://www.sqlite.org/fileformat.html#the_database_header */
const HEADER = Buffer.from("SQLite format 3\0", "latin1");

/** How long a writer may hold the database before it counts as locked, in ms. */
const BUSY_MS = 5000;

/** SQLite's own numbers of "somebody else has it". @see https://www.sqlite.org/rescode.html */
const BUSY_CODES = new Set([5, 6]);

/** How a database file is; anything but `sound` is somebody's to look at. */
export type SqliteState = "missing" | "empty" | "foreign" | "corrupt" | "locked" | "sound";

/** Looks at a database without changing it; `full` reads every page. */
export async function sqliteState(file: string, depth: "quick" | "full"): Promise<SqliteState> {
  const found = await stat(file).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return "missing";
  if (found.size === 0) return "empty";
  if (!(await hasHeader(file))) return "foreign";
  return readDatabase(file, depth);
}

/** Whether a file begins as a SQLite database does. */
export async function hasHeader(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(HEADER.length),
      0,
      HEADER.length,
      0,
    );
    return bytesRead === HEADER.length && buffer.equals(HEADER);
  } finally {
    await handle.close();
  }
}

async function readDatabase(file: string, depth: "quick" | "full"): Promise<SqliteState> {
  const { DatabaseSync } = await import("node:sqlite");
  let database;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    if (depth === "quick") return "sound";
    const answer = database.prepare("PRAGMA quick_check(1)").get();
    return answer && Object.values(answer)[0] === "ok" ? "sound" : "corrupt";
  } catch (error) {
    return hasResultCode(error, BUSY_CODES) ? "locked" : "corrupt";
  } finally {
    database?.close();
  }
}
