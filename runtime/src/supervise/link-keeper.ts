import { moveTo } from "../jobs/file.ts";
import { replaceWithLink } from "./persist-links.ts";
import type { PersistedPath } from "./persisted-path.ts";
import type { Logger } from "pino";
import { existsSync } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** How long an app's own change of a linked file may be missing on the disk, in ms. */
const LOOK_EVERY_MS = 1000;

/** A file that changed less than so long ago, in ms, may still be written. */
const SETTLED_MS = 2000;

export interface LinkKeeper {
  /** Looks a last time, so that what the app did until its end is on the disk. */
  stop(): Promise<void>;
}

/**
 * Keeps the links of single files while the app runs.
 *
 * Writing through a link reaches the disk by itself. Two things do not: deleting removes the link
 * and not the file, so a marker that an app deletes would be back at the next start; and an app that
 * writes beside and renames puts a real file in the link's place, which the next deploy would lose.
 */
export function keepLinks(paths: readonly PersistedPath[], log: Logger): LinkKeeper {
  const files = paths.filter(({ kind, link, target }) => kind === "file" && link !== target);
  if (files.length === 0) return { stop: () => Promise.resolve() };
  let looking: Promise<void> = Promise.resolve();
  const look = (isLast: boolean): Promise<void> => {
    looking = keepAll({ files, isLast, log, after: looking });
    return looking;
  };
  const timer = setInterval(() => void look(false), LOOK_EVERY_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return look(true);
    },
  };
}

interface Look {
  readonly files: readonly PersistedPath[];
  readonly isLast: boolean;
  readonly log: Logger;
  /** The look before it. */
  readonly after: Promise<void>;
}

async function keepAll({ files, isLast, log, after }: Look): Promise<void> {
  await after;
  for (const file of files) await keep(file, isLast, log);
}

async function keep(file: PersistedPath, isLast: boolean, log: Logger): Promise<void> {
  try {
    const found = await lstat(file.link).catch(() => undefined);
    if (found?.isSymbolicLink() || found?.isDirectory()) return;
    if (found && !isLast && Date.now() - found.mtimeMs < SETTLED_MS) return;
    if (found) await moveTo(file.link, file.target);
    else if (!existsSync(dirname(file.link))) return;
    else if (file.isMarker) await rm(file.target, { force: true });
    await replaceWithLink(file);
    const what = found
      ? "a file in the place of a link was moved to the disk"
      : "a link was remade";
    log.info({ path: file.path, removed: !found && file.isMarker }, what);
  } catch (error) {
    log.warn({ path: file.path, err: error }, "a persisted file could not be kept on the disk");
  }
}
