import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** A rewriter may replace the file while we append; it does so once in hundreds of lines. */
const APPEND_ATTEMPTS = 10;

const NEWLINE = 0x0a;

/**
 * Appends one line, whole and on a line of its own, however many processes do so at once.
 *
 * One write in append mode is not mixed with others on a local file system. A file that was
 * replaced meanwhile gets the line again: readers must take repeated lines.
 */
export function appendLine(path: string, line: string): void {
  mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 1; attempt <= APPEND_ATTEMPTS; attempt++) {
    const file = openSync(path, "a+");
    try {
      writeLine(file, line);
      if (isStillAt(path, fstatSync(file).ino)) return;
    } finally {
      closeSync(file);
    }
  }
  throw new Error(`${path}: is replaced all the time. See what writes to it besides the runtime.`);
}

/** Appends a line to a file that is open for reading and appending. */
export function writeLine(file: number, line: string): void {
  // A process that was killed, or a full disk, may have left half a line.
  const data = Buffer.from(`${endsInHalfALine(file) ? "\n" : ""}${line}\n`);
  const written = writeSync(file, data);
  if (written < data.length) throw Object.assign(new Error("disk full"), { code: "ENOSPC" });
}

/** The whole lines of a file; none when there is no file. Half a line at the end is still being written. */
export function readLines(path: string): string[] {
  const file = openIfThere(path);
  if (file === undefined) return [];
  try {
    return wholeLines(readFrom(file, 0));
  } finally {
    closeSync(file);
  }
}

/**
 * Replaces the lines of a file at once, so that no reader sees half of it.
 *
 * What others append meanwhile is carried over. Only one process may do it at a time.
 */
export function rewriteLines(path: string, change: (lines: string[]) => readonly string[]): void {
  const file = openIfThere(path);
  if (file === undefined) return;
  try {
    const before = readFrom(file, 0);
    const end = before.lastIndexOf(NEWLINE) + 1;
    const lines = change(wholeLines(before));
    const fresh = `${path}.${process.pid}.new`;
    writeFileSync(fresh, lines.map((line) => `${line}\n`).join(""), {
      mode: fstatSync(file).mode,
    });
    renameSync(fresh, path);
    // From here on who appends sees the new file; this is what came before.
    for (const line of wholeLines(readFrom(file, end))) appendLine(path, line);
  } finally {
    closeSync(file);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function readFrom(file: number, start: number): Buffer {
  const data = Buffer.alloc(Math.max(0, fstatSync(file).size - start));
  let length = 0;
  while (length < data.length) {
    const count = readSync(file, data, length, data.length - length, start + length);
    if (count === 0) break;
    length += count;
  }
  return data.subarray(0, length);
}

function wholeLines(data: Buffer): string[] {
  return data
    .subarray(0, data.lastIndexOf(NEWLINE) + 1)
    .toString("utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

function endsInHalfALine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] !== NEWLINE;
}

function isStillAt(path: string, inode: number): boolean {
  try {
    return statSync(path).ino === inode;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** Whether an error of the file system has this code. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
