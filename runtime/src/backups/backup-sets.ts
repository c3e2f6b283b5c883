import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod/mini";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { isRunHere } from "../contract/job.ts";
import { bindOptions } from "../contract/bindings.ts";
import type { Env } from "../contract/env.ts";
import { errorCode } from "../contract/error-code.ts";
import { type BackupFile, backupFiles, backupOf, defaultPrefix } from "./backup-file.ts";
import { type BackupDrill, type BackupNote, readNote } from "./backup-note.ts";

/** The runbook's own default of BACKUP_RETAIN_COUNT. */
const KEEP = 10;

/** Largest upload, in MB; see docs/sources.md. */
const UPLOAD_MAX_MB = 1024;

/** Options that say where the files of a backup or restore job are. */
const PlaceOptions = z.object({
  database: z.string(),
  directory: z.string(),
  prefix: z.optional(z.string()),
  keep: z.optional(z.number()),
  uploads: z.optional(z.string()),
  uploadMaxMb: z.optional(z.number()),
});

/** The backups of one database in one directory, which several jobs may take. */
export interface BackupSet {
  /** Key of the first job that takes them: the one to run by hand. */
  readonly job: string;
  /** Keys of all jobs that take them. */
  readonly jobs: readonly string[];
  readonly database: string;
  readonly directory: string;
  readonly prefix: string;
  /** How many are kept. */
  readonly keep: number;
}

/** One backup as people are told of it; `null` where nothing beside it tells. */
export interface ListedBackup {
  readonly filename: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** ISO 8601, in UTC. */
  readonly createdAt: string;
  readonly reason: string | null;
  readonly sha256: string | null;
  readonly md5: string | null;
  readonly integrity: BackupNote["integrity"] | null;
  readonly rows: BackupNote["rows"] | null;
  /** The last restore drill of it. */
  readonly drill: BackupDrill | null;
}

/** What a process is asked of its backups; it has all three. */
export interface BackupOwner {
  readonly manifest: Pick<RuntimeManifest, "jobs">;
  readonly env: Env;
  /** Where relative paths begin. */
  readonly directory: string;
}

/** The sets of backups that the jobs of a process take, with their absolute paths. */
export function backupSetsOf({ manifest, env, directory }: BackupOwner): BackupSet[] {
  const sets = new Map<string, BackupSet>();
  for (const job of manifest.jobs) {
    if (job.uses !== "sqlite-backup" || !isRunHere(job)) continue;
    const said = backupPlace(bindOptions(job, env), directory);
    const key = join(said.directory, said.prefix);
    const known = sets.get(key);
    const jobs = [...(known?.jobs ?? []), job.name];
    sets.set(key, known ? { ...known, jobs } : { job: job.name, jobs, ...said });
  }
  return [...sets.values()];
}

/** What the options of a backup job say of its files, with absolute paths. */
export function backupPlace(
  options: Readonly<Record<string, unknown>>,
  base: string,
): Pick<BackupSet, "database" | "directory" | "prefix" | "keep"> {
  const said = PlaceOptions.parse(options);
  return {
    database: resolve(base, said.database),
    directory: resolve(base, said.directory),
    prefix: said.prefix ?? defaultPrefix(said.database),
    keep: said.keep ?? KEEP,
  };
}

/** Files of a restore job, with absolute paths. */
export interface RestorePlace {
  /** May be a link. */
  readonly database: string;
  readonly directory: string;
  readonly prefix: string;
  readonly uploads: string;
  readonly uploadBytesMax: number;
}

/** Reads the paths of a restore job from its options. */
export function restorePlace(
  options: Readonly<Record<string, unknown>>,
  base: string,
): RestorePlace {
  const { database, directory, prefix } = backupPlace(options, base);
  const { uploads, uploadMaxMb = UPLOAD_MAX_MB } = PlaceOptions.parse(options);
  return {
    database,
    directory,
    prefix,
    uploads: uploads === undefined ? join(directory, "uploads") : resolve(base, uploads),
    uploadBytesMax: uploadMaxMb * 1024 * 1024,
  };
}

/** The backups of a set, newest first by the time in their names. */
export async function listBackups(
  set: Pick<BackupSet, "directory" | "prefix">,
): Promise<ListedBackup[]> {
  const listed: ListedBackup[] = [];
  for (const file of await backupFiles(set.directory, set.prefix)) {
    const backup = await lookAt(set.directory, file);
    if (backup) listed.push(backup);
  }
  return listed;
}

/**
 * The backup of this name, or undefined when the set has none: a name with a path in it, of another
 * prefix, of a link or of a directory is none.
 */
export async function findBackup(
  set: Pick<BackupSet, "directory" | "prefix">,
  filename: string,
): Promise<ListedBackup | undefined> {
  if (!backupOf(filename, set.prefix)) return undefined;
  const files = await backupFiles(set.directory, set.prefix);
  const file = files.find(({ name }) => name === filename);
  return file && lookAt(set.directory, file);
}

/** Undefined when it was rotated away a moment ago. */
async function lookAt(
  directory: string,
  { name, takenAt }: BackupFile,
): Promise<ListedBackup | undefined> {
  const path = join(directory, name);
  try {
    const { size } = await stat(path);
    const note = await readNote(path);
    return {
      filename: name,
      path,
      size,
      createdAt: note?.createdAt ?? takenAt.toISOString(),
      reason: note?.reason ?? null,
      sha256: note?.sha256 ?? null,
      md5: note?.md5 ?? null,
      integrity: note?.integrity ?? null,
      rows: note?.rows ?? null,
      drill: note?.drill ?? null,
    };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
