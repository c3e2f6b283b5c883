import { existsSync } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Logger } from "pino";
import { moveTo } from "../jobs/file.ts";
import { type PersistedPath, replaceWithLink } from "./links.ts";

/** Check interval, in ms: how long an app's change of a linked file may be missing on the disk. */
const CHECK_MS = 1000;

/** A file that changed within this time, in ms, may not be complete yet. */
const SETTLED_MS = 2000;

export interface LinkKeeper {
  /** Checks a last time, so that everything that the app wrote is on the disk. */
  stop(): Promise<void>;
}

/**
 * Keeps the links of single files while the app runs.
 *
 * A write through a link reaches the disk, but two things do not. Deleting removes the link and not
 * the file, so a marker that an app deletes would be back at the next start. An app that writes
 * another file and renames it replaces the link by a real file, which the next deploy would lose.
 */
export function keepLinks(paths: readonly PersistedPath[], log: Logger): LinkKeeper {
  const files = paths.filter(({ kind, link, target }) => kind === "file" && link !== target);
  if (files.length === 0) return { stop: () => Promise.resolve() };
  let last: Promise<void> = Promise.resolve();
  const check = (isLast: boolean): Promise<void> => (last = keepAll({ files, isLast, log, last }));
  const timer = setInterval(() => void check(false), CHECK_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return check(true);
    },
  };
}

interface Check {
  readonly files: readonly PersistedPath[];
  readonly isLast: boolean;
  readonly log: Logger;
  /** The check before this one. */
  readonly last: Promise<void>;
}

async function keepAll({ files, isLast, log, last }: Check): Promise<void> {
  await last;
  for (const file of files) await keepLink(file, isLast, log);
}

async function keepLink(file: PersistedPath, isLast: boolean, log: Logger): Promise<void> {
  const { path, link, target, isMarker } = file;
  try {
    const found = await lstat(link).catch(() => undefined);
    if (found?.isSymbolicLink() || found?.isDirectory()) return;
    if (found && !isLast && Date.now() - found.mtimeMs < SETTLED_MS) return;
    if (found) await moveTo(link, target);
    else if (!existsSync(dirname(link))) return;
    else if (isMarker) await rm(target, { force: true });
    await replaceWithLink(file);
    const what = found ? "a file that replaced its link was moved to the disk" : "link restored";
    log.info({ path, removed: !found && isMarker }, what);
  } catch (error) {
    log.warn({ path, err: error }, "a persisted file could not be kept on the disk");
  }
}
