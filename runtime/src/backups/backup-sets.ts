import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod/mini";
import { bindOptions } from "../contract/bindings.ts";
import type { Env } from "../contract/env.ts";
import { errorCode } from "../contract/error-code.ts";
import { isRunHere } from "../contract/job.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import {
  type BackupDrill,
  type BackupFile,
  backupFiles,
  type BackupNote,
  backupOf,
  defaultPrefix,
  readNote,
} from "./backup-file.ts";

/** Default number of kept backups; see docs/sources.md. */
const KEEP = 10;

/** Largest upload, in MB; see docs/sources.md. */
const UPLOAD_MAX_MB = 1024;

/** The options of a backup or restore job that name its files. */
const PathOptions = z.object({
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
  /** Number of kept backups. */
  readonly keep: number;
}

/** One backup for pages and messages; `null` where its note is missing. */
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
  /** What SQLite outside the app could not check. */
  readonly unchecked: NonNullable<BackupNote["unchecked"]>;
  readonly rows: BackupNote["rows"] | null;
  /** Its last restore drill. */
  readonly drill: BackupDrill | null;
}

/** A process with backup jobs. */
export interface BackupOwner {
  readonly manifest: Pick<RuntimeManifest, "jobs">;
  readonly env: Env;
  /** Base of relative paths. */
  readonly directory: string;
}

/** The sets of backups that the jobs of a process take, with absolute paths. */
export function backupSetsOf({ manifest, env, directory }: BackupOwner): BackupSet[] {
  const sets = new Map<string, BackupSet>();
  for (const job of manifest.jobs) {
    if (job.uses !== "sqlite-backup" || !isRunHere(job)) continue;
    const paths = backupPaths(bindOptions(job, env), directory);
    const key = join(paths.directory, paths.prefix);
    const known = sets.get(key) ?? { job: job.name, jobs: [], ...paths };
    sets.set(key, { ...known, jobs: [...known.jobs, job.name] });
  }
  return [...sets.values()];
}

/** The files of a backup job, with absolute paths. */
export function backupPaths(
  options: Readonly<Record<string, unknown>>,
  base: string,
): Pick<BackupSet, "database" | "directory" | "prefix" | "keep"> {
  const { database, directory, prefix, keep } = PathOptions.parse(options);
  return {
    database: resolve(base, database),
    directory: resolve(base, directory),
    prefix: prefix ?? defaultPrefix(database),
    keep: keep ?? KEEP,
  };
}

/** The files of a restore job, with absolute paths. */
export interface RestorePaths {
  /** May be a link. */
  readonly database: string;
  readonly directory: string;
  readonly prefix: string;
  readonly uploads: string;
  readonly uploadBytesMax: number;
}

/** Reads the paths of a restore job from its options. */
export function restorePaths(
  options: Readonly<Record<string, unknown>>,
  base: string,
): RestorePaths {
  const { database, directory, prefix } = backupPaths(options, base);
  const { uploads, uploadMaxMb = UPLOAD_MAX_MB } = PathOptions.parse(options);
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
    const backup = await describe(set.directory, file);
    if (backup) listed.push(backup);
  }
  return listed;
}

/**
 * The backup of this name; undefined when the set has none. A name with a path or another prefix, a
 * link and a directory are no backups.
 */
export async function findBackup(
  set: Pick<BackupSet, "directory" | "prefix">,
  filename: string,
): Promise<ListedBackup | undefined> {
  if (!backupOf(filename, set.prefix)) return undefined;
  const files = await backupFiles(set.directory, set.prefix);
  const file = files.find(({ name }) => name === filename);
  return file && describe(set.directory, file);
}

/** Undefined when the rotation has just removed it. */
async function describe(
  directory: string,
  { name, takenAt }: BackupFile,
): Promise<ListedBackup | undefined> {
  const path = join(directory, name);
  try {
    const { size } = await stat(path);
    const note: Partial<BackupNote> = (await readNote(path)) ?? {};
    const { createdAt = takenAt.toISOString(), reason = null, sha256 = null, md5 = null } = note;
    const { integrity = null, unchecked = [], rows = null, drill = null } = note;
    const checks = { sha256, md5, integrity, unchecked, rows, drill };
    return { filename: name, path, size, createdAt, reason, ...checks };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
