import { randomUUID } from "node:crypto";
import { link, open, rm, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../../sources/source-error.ts";
import { syncPath } from "../../supervise/move.ts";

/**
 * Gives a finished file its name, in one step and never in place of another file; false when the
 * name is taken. A rename would replace what is there.
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

/** Writes a file that is there as a whole or not at all; false when the name is taken. */
export async function writeNew(path: string, text: string): Promise<boolean> {
  const unfinished = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.part`);
  try {
    const file = await open(unfinished, "wx", 0o600);
    await file.writeFile(text).finally(() => file.close());
    return await publish(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}
