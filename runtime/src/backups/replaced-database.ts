import { randomUUID } from "node:crypto";
import { chmod, chown, copyFile, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { publish, stampsOf, syncPath } from "../jobs/file.ts";
import { errorCode } from "../contract/error-code.ts";
import { type DatabaseHold, holdDatabase } from "./database-hold.ts";
import { copyOpen } from "./online-copy.ts";

/** What SQLite keeps beside a database. Another database's would be taken for this one's. */
const COMPANIONS = ["-wal", "-shm", "-journal"];

/** What is put in place of which database. */
export interface Replacement {
  readonly database: string;
  /** A finished file beside it, which takes its place and is gone then. */
  readonly staged: string;
  /** The moment in the name of the safety copy. */
  readonly at: Date;
  readonly signal: AbortSignal;
}

/** A database that was replaced. */
export interface Replaced {
  /** Path of the copy of what was there; null when nothing was. */
  readonly safetyCopy: string | null;
  /** Brings back what was there. Nobody may use the database meanwhile. */
  rollBack(): Promise<void>;
}

/** A name beside a database for a file that is not finished. */
export function stagedName(database: string): string {
  const id = randomUUID().slice(0, 8);
  return join(dirname(database), `.${basename(database)}.restore-${id}.part`);
}

/** Removes what killed restores left unfinished beside a database. */
export async function removeStaged(database: string): Promise<void> {
  const isStaged = (name: string) =>
    name.startsWith(`.${basename(database)}.restore-`) && name.includes(".part");
  for (const name of await readdir(dirname(database))) {
    if (isStaged(name)) await rm(join(dirname(database), name), { force: true });
  }
}

/**
 * Puts a finished file in place of a database that nobody else uses, after a safety copy of it.
 *
 * At every moment the path has the whole old database or the whole new one: what is only in the
 * write-ahead log goes into the old file first, and the log goes before the new file comes. With the
 * old log beside it, the new database would be read as a mixture of both.
 */
export async function replaceDatabase(replacement: Replacement): Promise<Replaced> {
  const { database, signal } = replacement;
  const hold = await holdDatabase(database, { signal });
  try {
    const safetyCopy = await keepOld(replacement, hold);
    signal.throwIfAborted();
    await takePlace(replacement, hold);
    return { safetyCopy, rollBack: () => bringBack(database, safetyCopy, hold.state) };
  } finally {
    hold.release();
  }
}

/** By the online backup where there is a database; what is none is kept as its files are. */
async function keepOld(
  { database, at, signal }: Replacement,
  hold: DatabaseHold,
): Promise<string | null> {
  if (hold.state === "missing") return null;
  const unfinished = stagedName(database);
  try {
    if (hold.state === "held") await copyOpen(hold.connection, unfinished, signal);
    else await copyFile(database, unfinished);
    await chmod(unfinished, 0o600);
    for (const stamp of stampsOf(at)) {
      const path = `${database}.before_restore-${stamp}`;
      if (!(await publish(unfinished, path))) continue;
      if (hold.state === "unusable") await copyCompanions(database, path);
      return path;
    }
  } finally {
    for (const part of ["", ...COMPANIONS]) await rm(`${unfinished}${part}`, { force: true });
  }
  throw new Error(`${database}: all names of a safety copy are taken.`);
}

async function takePlace(
  { database, staged }: Replacement,
  hold: DatabaseHold,
  isDatabase = true,
): Promise<void> {
  const mode = hold.state === "held" ? journalMode(hold.connection) : undefined;
  await likeTheOld(database, staged, isDatabase ? mode : undefined);
  try {
    if (hold.state === "held") foldLog(database, hold.connection);
    for (const part of COMPANIONS) await rm(`${database}${part}`, { force: true });
    await syncPath(dirname(database));
    await rename(staged, database);
  } catch (error) {
    if (hold.state === "held" && mode === "wal") hold.connection.exec("PRAGMA journal_mode = WAL");
    throw error;
  }
  await syncPath(dirname(database));
}

/** Brings what is only in the log into the file; SQLite says by the mode that stays that it could not. */
function foldLog(database: string, connection: DatabaseSync): void {
  const said = connection.prepare("PRAGMA journal_mode = DELETE").get()?.["journal_mode"];
  if (said === "delete") return;
  throw new Error(
    `${database}: its write-ahead log could not be folded into it. It was not replaced.`,
  );
}

function journalMode(connection: DatabaseSync): unknown {
  return connection.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
}

/** The app finds the owner, the rights and the journal mode that it had. */
async function likeTheOld(database: string, staged: string, mode: unknown): Promise<void> {
  const old = await stat(database).catch(() => undefined);
  if (old) await chmod(staged, old.mode & 0o777);
  if (old && (old.uid !== process.geteuid?.() || old.gid !== process.getegid?.())) {
    await chown(staged, old.uid, old.gid);
  }
  if (mode === "wal") {
    using connection = new DatabaseSync(staged);
    connection.exec("PRAGMA journal_mode = WAL");
  }
  await syncPath(staged);
}

async function bringBack(
  database: string,
  safetyCopy: string | null,
  was: DatabaseHold["state"],
): Promise<void> {
  const { signal } = new AbortController();
  const hold = await holdDatabase(database, { signal });
  const staged = stagedName(database);
  try {
    if (safetyCopy === null) {
      for (const part of ["", ...COMPANIONS]) await rm(`${database}${part}`, { force: true });
      return;
    }
    await copyFile(safetyCopy, staged);
    await takePlace({ database, staged, at: new Date(), signal }, hold, was === "held");
    if (was === "unusable") await copyCompanions(safetyCopy, database);
  } finally {
    hold.release();
    await rm(staged, { force: true });
  }
}

async function copyCompanions(from: string, to: string): Promise<void> {
  for (const part of COMPANIONS) {
    await copyFile(`${from}${part}`, `${to}${part}`).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
    });
  }
}
