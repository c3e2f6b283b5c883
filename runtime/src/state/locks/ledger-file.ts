import {
  closeSync,
  constants,
  fdatasyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { isCode, readLines, writeLine } from "../stores/line-file.ts";
import { LeaseLedger, type LedgerEvent } from "./lease-ledger.ts";

/** A segment with so much more than its snapshot is closed, and the next one begins with what it led to. */
const SEGMENT_BYTES = 256 * 1024;

/** Another process may begin the next segment while we look; it does so once in thousands of lines. */
const READ_ATTEMPTS = 20;

/** The last line of a segment that counts: what stands after it was too late. */
const SEAL = `{"do":"seal"}`;

const SEGMENT = /^ledger\.(\d+)$/;

/**
 * Reads what all processes have agreed upon in a directory.
 *
 * The agreement is the order of lines in a file to which everybody appends. It must be on a local
 * file system: network file systems do not keep appended lines apart.
 */
export function readLedger(directory: string): LeaseLedger {
  for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt++) {
    const number = lastSegment(directory);
    if (number === undefined) {
      beginSegment(directory, 1, new LeaseLedger());
      continue;
    }
    const { ledger, isSealed } = readSegment(segmentPath(directory, number));
    if (!isSealed) return ledger;
    beginSegment(directory, number + 1, ledger);
  }
  throw new Error(`${directory}: changes all the time. See what writes to it besides the runtime.`);
}

/** Adds an event; whether it took effect is seen by reading the ledger afterwards. */
export function appendEvent(directory: string, event: LedgerEvent): void {
  const path = segmentPath(directory, lastSegment(directory) ?? 1);
  let file: number;
  try {
    // Never made anew: a segment that is gone was replaced by the next one.
    file = openSync(path, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    if (isCode(error, "ENOENT")) return;
    throw error;
  }
  try {
    writeLine(file, JSON.stringify(event));
    // What was agreed must hold after the machine lost power.
    fdatasyncSync(file);
    if (isFull(path)) writeLine(file, SEAL);
  } finally {
    closeSync(file);
  }
}

function readSegment(path: string): { ledger: LeaseLedger; isSealed: boolean } {
  const ledger = new LeaseLedger();
  for (const line of readLines(path)) {
    if (line === SEAL) return { ledger, isSealed: true };
    const event = parseEvent(line);
    if (event) ledger.add(event);
  }
  return { ledger, isSealed: false };
}

/** Only we write here; a line that is cut off by a crash is no event, for everybody alike. */
function parseEvent(line: string): LedgerEvent | undefined {
  try {
    return JSON.parse(line) as LedgerEvent;
  } catch {
    return undefined;
  }
}

/** Whoever comes first begins it; everybody would begin it with the same content. */
function beginSegment(directory: string, number: number, ledger: LeaseLedger): void {
  mkdirSync(directory, { recursive: true });
  const fresh = join(directory, `new.${process.pid}.${number}`);
  writeFileSync(fresh, `${JSON.stringify({ do: "snapshot", ...ledger.snapshot() })}\n`);
  try {
    linkSync(fresh, segmentPath(directory, number));
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  for (const older of segments(directory)) {
    if (older < number) rmSync(segmentPath(directory, older), { force: true });
  }
}

function isFull(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const [snapshot = ""] = size > SEGMENT_BYTES ? readLines(path) : [];
  return size > SEGMENT_BYTES + 2 * snapshot.length;
}

function lastSegment(directory: string): number | undefined {
  return segments(directory).at(-1);
}

function segments(directory: string): number[] {
  try {
    return readdirSync(directory)
      .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b);
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

function segmentPath(directory: string, number: number): string {
  return join(directory, `ledger.${number}`);
}
