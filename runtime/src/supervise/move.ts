import { copyFile, lstat, open, readlink, rename, rm, symlink, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Moves a file or a link, to another file system too.
 *
 * Across file systems the copy is complete and on the medium under another name before it takes its
 * place, and only then does the original go: a kill at any moment leaves one of the two whole.
 */
export async function moveTo(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    await copyAcross(from, to);
    await rm(from);
  }
}

/** Copies a file or a link so that it is either there in full or not at all. */
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

/** Waits until a file, or the names in a directory, are on the medium. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
