import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import {
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { errorCode } from "../contract/error-code.ts";

/** Most links that lead to links, as many as Linux follows. @see path_resolution(7) */
const LINKS_MAX = 40;

/** What jobs write may hold data of customers, so only the user of this process reads it. */
const OWN_MODE = 0o600;

/** Waits until a file, or the names in a directory, are on the medium. */
export async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}

/** Writes a whole file or nothing. Returns false when the name is taken. */
export async function writeNew(path: string, text: string): Promise<boolean> {
  const part = partOf(path);
  try {
    await writePart(part, text);
    return await publish(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

/**
 * Renames a finished file in one step. Returns false when the name is taken: unlike a rename, it
 * never replaces another file.
 */
export async function publish(finished: string, path: string): Promise<boolean> {
  await syncPath(finished);
  try {
    await link(finished, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  await unlink(finished);
  await syncPath(dirname(path));
  return true;
}

/**
 * Replaces a file's text in one step: a reader sees the old text or the new one, also after a crash.
 * A link stays a link; its target is replaced.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await behindLinks(path);
  await mkdir(dirname(target), { recursive: true });
  const part = partOf(target);
  try {
    await writePart(part, text);
    await syncPath(part);
    await rename(part, target);
    await syncPath(dirname(target));
  } finally {
    await rm(part, { force: true });
  }
}

/**
 * Appends one line, whole and on a line of its own, also when several processes append at once: one
 * write in append mode is not mixed with others on a local file system.
 */
export function appendLine(path: string, line: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "a+", OWN_MODE);
  try {
    // A process that was killed, or a full disk, may have left half a line.
    const data = Buffer.from(`${endsInHalfALine(file) ? "\n" : ""}${line}\n`);
    const written = writeSync(file, data);
    if (written < data.length) throw Object.assign(new Error("disk full"), { code: "ENOSPC" });
  } finally {
    closeSync(file);
  }
}

function endsInHalfALine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last.toString() !== "\n";
}

/**
 * The file behind a path, which need not exist.
 *
 * A persisted file is a link to the disk, also while the file on the disk is missing. A new file in
 * place of the link would be lost with the next deploy.
 */
export async function behindLinks(path: string, linksLeft = LINKS_MAX): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || linksLeft === 0) throw error;
  }
  const directory = await realpath(dirname(path)).catch(() => dirname(path));
  const target = await readlink(path).catch(() => undefined);
  if (target === undefined) return join(directory, basename(path));
  return behindLinks(resolve(directory, target), linksLeft - 1);
}

/**
 * Moves a file or a link, also to another file system.
 *
 * Across file systems, the copy is complete and synced under another name before it takes its place,
 * and only then is the original removed. A kill at any moment leaves one of the two whole.
 */
export async function moveTo(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errorCode(error) !== "EXDEV") throw error;
    await copyAcross(from, to);
    await rm(from);
  }
}

async function copyAcross(from: string, to: string): Promise<void> {
  const part = join(dirname(to), `.${basename(to)}.opspec-part`);
  await rm(part, { force: true });
  const stats = await lstat(from);
  if (stats.isSymbolicLink()) {
    await symlink(await readlink(from), part);
  } else {
    await copyFile(from, part);
    await utimes(part, stats.atime, stats.mtime);
    await syncPath(part);
  }
  await rename(part, to);
  await syncPath(dirname(to));
}

/** A hidden name beside a file, for text that is not complete yet. */
function partOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.part`);
}

async function writePart(part: string, text: string): Promise<void> {
  await using file = await open(part, "wx", OWN_MODE);
  await file.writeFile(text);
}

/**
 * The stamp of a moment in file names: `20260106_220000`, in UTC.
 *
 * Names in UTC keep their order when the clock of a zone is set back.
 */
export function stampOf(moment: Date): string {
  const [day = "", time = ""] = moment.toISOString().split("T");
  return `${day.replaceAll("-", "")}_${time.slice(0, 8).replaceAll(":", "")}`;
}

/** The moment of a stamp. Undefined for text that is not one, such as the day 31 in `20260231_000000`. */
export function momentOf(stamp: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(stamp);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const moment = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const isReal = !Number.isNaN(moment.getTime()) && stampOf(moment) === stamp;
  return isReal ? moment : undefined;
}

/** Maximum number of files with the time of one second. */
const SAME_SECOND_MAX = 100;

/** The stamps to try in turn for one moment: `…_220000`, then `…_220000_1` and so on. */
export function stampsOf(moment: Date): readonly string[] {
  const stamp = stampOf(moment);
  const numbered = Array.from({ length: SAME_SECOND_MAX - 1 }, (_, n) => `${stamp}_${n + 1}`);
  return [stamp, ...numbered];
}
