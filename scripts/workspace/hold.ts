import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { hasCode, UsageError } from "../../infra/errors.ts";
import { isAlive } from "./local-cloud.ts";

/** The command that is changing a stack. */
const Holder = z.object({ command: z.string(), pid: z.int(), startedAt: z.string() });

/** A stack in a backend, and the command that changes it. */
export interface Hold {
  readonly directory: string;
  readonly backendUrl: string;
  readonly stack: string;
  readonly command: string;
}

/**
 * Holds a stack for one command, until the returned function is called or the process ends.
 *
 * A command runs the engine several times, and the engine locks only each time. Only one command of
 * a checkout changes a stack; the engine's own lock remains for other checkouts and machines.
 *
 * @throws UsageError with the holder, when another command holds it
 */
export function holdStack({ directory, backendUrl, stack, command }: Hold): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const backend = createHash("sha256").update(backendUrl).digest("hex").slice(0, 8);
  const file = join(directory, `${stack}-${backend}.json`);
  const own = JSON.stringify({ command, pid: process.pid, startedAt: new Date().toISOString() });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (create(file, own)) return () => release(file, own);
    const holder = holderIn(file);
    if (holder && isAlive(holder.pid)) throw new UsageError(busyMessage(stack, holder));
    takeAway(file);
  }
  throw new UsageError(`${stack}: other commands start at the same time. Run it again.`);
}

/** Two commands may find the same dead holder; in each attempt one of them succeeds. */
const ATTEMPTS_MAX = 5;

/** `another up of shop has been running since 21:57 (process 6772). …` */
export function busyMessage(
  stack: string,
  { command = "operation", pid, startedAt }: Partial<z.infer<typeof Holder>>,
): string {
  const since = startedAt === undefined ? "" : ` since ${timeOf(new Date(startedAt))}`;
  const who = pid === undefined ? "" : ` (process ${pid})`;
  return `another ${command} of ${stack} has been running${since}${who}. Wait for it, or end it with: kill ${pid}.`;
}

/** Local time; with its date when that is not today. */
function timeOf(at: Date): string {
  const time = at.toTimeString().slice(0, "21:57".length);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${at.toDateString()} ${time}`;
}

function create(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

function release(file: string, own: string): void {
  if (textOf(file) === own) rmSync(file, { force: true });
}

/** Removes the file of a dead holder. Only one of two concurrent commands succeeds. */
function takeAway(file: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  const holder = holderIn(aside);
  // Another command has just acquired it.
  if (holder && isAlive(holder.pid)) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function holderIn(file: string): z.infer<typeof Holder> | undefined {
  try {
    return Holder.safeParse(JSON.parse(textOf(file) ?? "")).data;
  } catch {
    return undefined;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
