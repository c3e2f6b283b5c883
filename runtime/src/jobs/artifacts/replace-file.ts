import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncPath } from "../../supervise/move.ts";
import { behindLinks } from "./link-target.ts";

/**
 * Writes a file in place of what has its name, in one step: a reader sees the old text or the new
 * one, and so does whoever looks after a crash. A link stays, and what it points to is replaced.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await behindLinks(path);
  await mkdir(dirname(target), { recursive: true });
  const part = join(dirname(target), `.${basename(target)}.${randomUUID().slice(0, 8)}.part`);
  try {
    const file = await open(part, "wx", 0o600);
    await file.writeFile(text).finally(() => file.close());
    await syncPath(part);
    await rename(part, target);
    await syncPath(dirname(target));
  } finally {
    await rm(part, { force: true });
  }
}
