import { copyFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fingerprint } from "../../backups/backup-file.ts";
import { type RestorePaths, findBackup, restorePaths } from "../../backups/backup-sets.ts";
import {
  checkDatabase,
  type DatabaseCheck,
  readSchema,
  schemaProblems,
} from "../../backups/database-check.ts";
import { requireSpace, stagedName } from "../../backups/database-copy.ts";
import { findUpload } from "../../backups/uploads.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { isBusy } from "../../databases/sqlite.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { behindLinks } from "../file.ts";
import { sqliteRestoreJob } from "./options.ts";

/** Resolved options and input of one run. */
export interface RestorePlan extends RestorePaths {
  readonly tables: readonly string[];
  readonly schema: "any" | "same";
  readonly source: RestoreSource;
}

/** The file to restore. */
interface RestoreSource {
  readonly kind: "backup" | "upload";
  readonly name: string;
  readonly path: string;
  /** Expected SHA-256. Undefined for a backup without a note. */
  readonly sha256: string | undefined;
}

/** Resolves the options and the input. Throws if they are invalid. */
export async function planOf({ options, input, directory }: JobContext): Promise<RestorePlan> {
  const { tables = [], schema = "any" } = sqliteRestoreJob.options.parse(options);
  const paths = restorePaths(options, directory);
  const database = await behindLinks(paths.database);
  const parent = dirname(database);
  // A missing directory means that the disk is not mounted. The next deploy would delete a file there.
  if (!(await stat(parent).catch(() => undefined))?.isDirectory()) {
    throw refusal(`${parent}: there is no such directory. Mount the disk, or correct "database".`);
  }
  return { ...paths, database, tables, schema, source: await sourceOf(paths, input) };
}

async function sourceOf(paths: RestorePaths, input: JobContext["input"]): Promise<RestoreSource> {
  const { backup, upload, sha256 } = sqliteRestoreJob.input.parse(input);
  const asked = sha256?.toLowerCase();
  if (backup !== undefined && upload === undefined) return backupSource(paths, backup, asked);
  if (upload !== undefined && backup === undefined) return uploadSource(paths, upload, asked);
  const message = "a restore needs one file, which a person must choose.";
  throw refusal(`${message} Set the input backup=<file name> or upload=<file name>.`);
}

async function backupSource(
  paths: RestorePaths,
  name: string,
  asked: string | undefined,
): Promise<RestoreSource> {
  const found = await findBackup(paths, name);
  if (found) {
    return { kind: "backup", name, path: found.path, sha256: asked ?? found.sha256 ?? undefined };
  }
  throw refusal(`${name}: there is no such backup in ${paths.directory}. Choose one of the list.`);
}

async function uploadSource(
  { uploads, uploadBytesMax }: RestorePaths,
  name: string,
  asked: string | undefined,
): Promise<RestoreSource> {
  const found = await findUpload(uploads, name);
  if (!found) throw refusal(`${name}: there is no such upload in ${uploads}. Upload it first.`);
  const { path, sizeBytes, receipt } = found;
  const sha256 = asked ?? receipt?.sha256;
  if (sha256 === undefined) {
    const remedy = "Set the input sha256=<its SHA-256>.";
    throw refusal(`${name}: its expected checksum is not known. ${remedy}`);
  }
  if (sizeBytes <= uploadBytesMax) return { kind: "upload", name, path, sha256 };
  const limit = `uploadMaxMb allows ${uploadBytesMax}`;
  throw refusal(`${name}: has ${sizeBytes} bytes, and ${limit}. Raise it, or use another file.`);
}

function refusal(message: string): JobFailure {
  return new JobFailure(message, { exitCode: EXIT.configuration });
}

/** A verified file that may replace the database. */
export interface StagedCopy {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly verdict: DatabaseCheck;
}

/** Copies the file to the database's directory and verifies the copy, which is the file that the job restores. */
export async function stageCopy(plan: RestorePlan, signal: AbortSignal): Promise<StagedCopy> {
  const { database, source } = plan;
  const path = stagedName(database);
  // Room for the copy and the safety copy.
  const files = [source.path, database, `${database}-wal`];
  const remedy = "Free some: older safety copies end in .before_restore and a time.";
  await requireSpace({ directory: dirname(database), files, what: "a restore", remedy });
  try {
    await copyFile(source.path, path);
    return await examine(plan, path, { mode: "own", signal });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Verifies a file. Throws a JobFailure with every problem. */
export async function examine(
  plan: RestorePlan,
  path: string,
  how: { readonly mode: "own" | "as-is"; readonly signal: AbortSignal },
): Promise<StagedCopy> {
  const { name, sha256: expected } = plan.source;
  const { sha256, sizeBytes } = await fingerprint(path, how.signal);
  const verdict = await checkDatabase(path, how);
  const isOther = expected !== undefined && expected !== sha256;
  const problems = [
    ...(isOther ? [`its SHA-256 is ${sha256}, not ${expected}`] : []),
    ...verdict.problems,
    // The schema of a damaged file is not known.
    ...(verdict.problems.length === 0 ? await mismatches(plan, verdict, how.signal) : []),
  ];
  if (problems.length === 0) return { path, sha256, sizeBytes, verdict };
  const message = `${name}: ${problems[0]}. It was not restored, and the database is as it was.`;
  throw new JobFailure(message, { details: { outcome: "refused", problems } });
}

/** Problems of an undamaged file: missing tables or another schema. */
async function mismatches(
  plan: RestorePlan,
  found: DatabaseCheck,
  signal: AbortSignal,
): Promise<string[]> {
  if (plan.schema !== "same") return schemaProblems(plan, found, undefined);
  try {
    return schemaProblems(plan, found, await readSchema(plan.database, signal));
  } catch (error) {
    if (!isBusy(error)) throw error;
    const message = `${plan.database}: its schema could not be read, because another process writes to it. Nothing was restored; try again.`;
    throw JobFailure.temporary(message, { details: { outcome: "refused" } });
  }
}
