import { copyFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { behindLinks } from "../file.ts";
import { type RestorePaths, findBackup, restorePaths } from "../../backups/backup-sets.ts";
import { findUpload } from "../../backups/uploads.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure, temporaryFailure } from "../definition.ts";
import { sqliteRestoreJob } from "./options.ts";
import { fingerprint } from "../../backups/backup-file.ts";
import {
  readSchema,
  schemaProblems,
  type DatabaseCheck,
  checkDatabase,
} from "../../backups/database-check.ts";
import { stagedName } from "../../backups/replaced-database.ts";
import { requireSpace } from "../../backups/database-copy.ts";
import { isBusy } from "../../databases/sqlite.ts";

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
  const said = sqliteRestoreJob.options.parse(options);
  const place = restorePaths(options, directory);
  return {
    ...place,
    database: await databaseFile(place),
    tables: said.tables ?? [],
    schema: said.schema ?? "any",
    source: await sourceOf(place, sqliteRestoreJob.input.parse(input)),
  };
}

/** A missing directory means that the disk is not mounted. The next deploy would delete a file there. */
async function databaseFile({ database }: RestorePaths): Promise<string> {
  const file = await behindLinks(database);
  const isThere = await stat(dirname(file)).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isThere) return file;
  throw refusal(
    `${dirname(file)}: there is no such directory. Mount the disk, or correct "database".`,
  );
}

interface Asked {
  readonly backup?: string | undefined;
  readonly upload?: string | undefined;
  readonly sha256?: string | undefined;
}

async function sourceOf(place: RestorePaths, asked: Asked): Promise<RestoreSource> {
  const { backup, upload } = asked;
  if (backup !== undefined && upload === undefined)
    return backupSource(place, backup, asked.sha256);
  if (upload !== undefined && backup === undefined)
    return uploadSource(place, upload, asked.sha256);
  const message = "a restore needs one file, which a person must choose.";
  throw refusal(`${message} Set the input backup=<file name> or upload=<file name>.`);
}

async function backupSource(
  place: RestorePaths,
  name: string,
  sha256: string | undefined,
): Promise<RestoreSource> {
  const found = await findBackup(place, name);
  if (!found) {
    throw refusal(
      `${name}: there is no such backup in ${place.directory}. Choose one of the list.`,
    );
  }
  const known = sha256?.toLowerCase() ?? found.sha256 ?? undefined;
  return { kind: "backup", name, path: found.path, sha256: known };
}

async function uploadSource(
  { uploads, uploadBytesMax }: RestorePaths,
  name: string,
  said: string | undefined,
): Promise<RestoreSource> {
  const found = await findUpload(uploads, name);
  if (!found) throw refusal(`${name}: there is no such upload in ${uploads}. Upload it first.`);
  const sha256 = said?.toLowerCase() ?? found.receipt?.sha256;
  if (sha256 === undefined) {
    throw refusal(
      `${name}: its expected checksum is not known. Set the input sha256=<its SHA-256>.`,
    );
  }
  if (found.sizeBytes > uploadBytesMax) {
    const limit = `uploadMaxMb allows ${uploadBytesMax}`;
    throw refusal(
      `${name}: has ${found.sizeBytes} bytes, and ${limit}. Raise it, or use another file.`,
    );
  }
  return { kind: "upload", name, path: found.path, sha256 };
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
  const path = stagedName(plan.database);
  try {
    await ensureRoomFor(plan);
    await copyFile(plan.source.path, path);
    return { path, ...(await examine(plan, path, { mode: "own", signal })) };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Needs room for the copy and the safety copy. */
async function ensureRoomFor({ source, database }: RestorePlan): Promise<void> {
  const sizes = await Promise.all(
    [source.path, database, `${database}-wal`].map((path) => stat(path).catch(() => undefined)),
  );
  const bytes = sizes.reduce((sum, file) => sum + (file?.size ?? 0), 0);
  const remedy = "Free some: older safety copies end in .before_restore and a time.";
  await requireSpace({ directory: dirname(database), bytes, what: "a restore", remedy });
}

/** Verifies a file. Throws a JobFailure with every problem. */
export async function examine(
  plan: RestorePlan,
  path: string,
  how: { readonly mode: "own" | "as-is"; readonly signal: AbortSignal },
): Promise<Omit<StagedCopy, "path">> {
  const { source } = plan;
  const { sha256, sizeBytes } = await fingerprint(path, how.signal);
  const problems: string[] = [];
  if (source.sha256 !== undefined && source.sha256 !== sha256) {
    problems.push(`its SHA-256 is ${sha256}, not ${source.sha256}`);
  }
  const verdict = await checkDatabase(path, how);
  problems.push(...verdict.problems);
  // The schema of a damaged file is not known.
  if (verdict.problems.length === 0)
    problems.push(...(await mismatches(plan, verdict, how.signal)));
  if (problems.length === 0) return { sha256, sizeBytes, verdict };
  const message = `${source.name}: ${problems[0]}. It was not restored, and the database is as it was.`;
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
    throw temporaryFailure(message, { details: { outcome: "refused" } });
  }
}
