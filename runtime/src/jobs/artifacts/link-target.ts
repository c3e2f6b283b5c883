import { readlink, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { errorCode } from "../../sources/source-error.ts";

/** Most links that lead to links, as many as Linux follows. @see path_resolution(7) */
const LINKS_MAX = 40;

/**
 * The file behind a path, which need not be there: what is put in its place must not replace a link.
 *
 * A persisted file is a link to the disk, and stays one when the file on the disk is gone: a new file
 * in place of the link would be lost with the next deploy.
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
