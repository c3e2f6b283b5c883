import { copyFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { behindLinks } from "../file.ts";
import { type RestorePlace, findBackup, restorePlace } from "../../backups/backup-sets.ts";
import { findUpload } from "../../backups/uploads.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { sqliteRestoreInput, sqliteRestoreJob } from "./options.ts";
import { fingerprint } from "../../backups/backup-note.ts";
import { readSchema, schemaProblems } from "../../backups/database-schema.ts";
import { stagedName } from "../../backups/replaced-database.ts";
import { ensureRoom } from "../../backups/room.ts";
import { type Verdict, verifyDatabase } from "../../backups/sqlite-verdict.ts";
import { isBusy } from "../../databases/sqlite.ts";

/** What one run is to do. */
export interface RestorePlan extends RestorePlace {
  readonly tables: readonly string[];
  readonly schema: "any" | "same";
  readonly source: RestoreSource;
}

/** The file that is restored. */
export interface RestoreSource {
  readonly kind: "backup" | "upload";
  readonly name: string;
  readonly path: string;
  /** What its SHA-256 must be; a backup without a note tells none. */
  readonly sha256: string | undefined;
}

/** What the options and the input make of a run; refuses what cannot be meant. */
export async function planOf({ options, input, directory }: JobContext): Promise<RestorePlan> {
  const said = sqliteRestoreJob.options.parse(options);
  const place = restorePlace(options, directory);
  return {
    ...place,
    database: await databaseFile(place),
    tables: said.tables ?? [],
    schema: said.schema ?? "any",
    source: await sourceOf(place, sqliteRestoreInput.parse(input)),
  };
}

/** A missing directory is a disk that is not mounted: what is restored there would be lost with the next deploy. */
async function databaseFile({ database }: RestorePlace): Promise<string> {
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

async function sourceOf(place: RestorePlace, asked: Asked): Promise<RestoreSource> {
  const { backup, upload } = asked;
  if (backup !== undefined && upload === undefined)
    return backupSource(place, backup, asked.sha256);
  if (upload !== undefined && backup === undefined)
    return uploadSource(place, upload, asked.sha256);
  const message = "a restore needs one file, which nobody but a person can choose.";
  throw refusal(`${message} Say backup=<file name> or upload=<file name>.`);
}

async function backupSource(
  place: RestorePlace,
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
  { uploads, uploadBytesMax }: RestorePlace,
  name: string,
  said: string | undefined,
): Promise<RestoreSource> {
  const found = await findUpload(uploads, name);
  if (!found) throw refusal(`${name}: there is no such upload in ${uploads}. Upload it first.`);
  const sha256 = said?.toLowerCase() ?? found.receipt?.sha256;
  if (sha256 === undefined) {
    throw refusal(`${name}: it is not known what it should be. Say sha256=<its SHA-256>.`);
  }
  if (found.sizeBytes > uploadBytesMax) {
    const limit = `uploadMaxMb allows ${uploadBytesMax}`;
    throw refusal(
      `${name}: has ${found.sizeBytes} bytes, and ${limit}. Raise it, or send another.`,
    );
  }
  return { kind: "upload", name, path: found.path, sha256 };
}

function refusal(message: string): JobFailure {
  return new JobFailure(message, { exitCode: EXIT.configuration });
}

/** A file that was looked at and may take the database's place. */
export interface StagedCopy {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly verdict: Verdict;
}

/** Copies the file beside the database and looks at the copy: what is verified is what is restored. */
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

/** The copy that is restored and the safety copy of what is there. */
async function ensureRoomFor({ source, database }: RestorePlan): Promise<void> {
  const sizes = await Promise.all(
    [source.path, database, `${database}-wal`].map((path) => stat(path).catch(() => undefined)),
  );
  const bytes = sizes.reduce((sum, file) => sum + (file?.size ?? 0), 0);
  const remedy = "Free some: older safety copies end in .before_restore and a time.";
  await ensureRoom({ directory: dirname(database), bytes, what: "a restore", remedy });
}

/** Looks at a file as a whole and refuses it for whatever is wrong with it. */
export async function examine(
  plan: RestorePlan,
  path: string,
  look: { readonly mode: "own" | "as-is"; readonly signal: AbortSignal },
): Promise<Omit<StagedCopy, "path">> {
  const { source } = plan;
  const { sha256, sizeBytes } = await fingerprint(path, look.signal);
  const problems: string[] = [];
  if (source.sha256 !== undefined && source.sha256 !== sha256) {
    problems.push(`its SHA-256 is ${sha256}, not ${source.sha256}`);
  }
  const verdict = await verifyDatabase(path, look);
  problems.push(...verdict.problems);
  // Nothing is known of what is in a damaged file.
  if (verdict.problems.length === 0) problems.push(...(await unlike(plan, verdict, look.signal)));
  if (problems.length === 0) return { sha256, sizeBytes, verdict };
  const message = `${source.name}: ${problems[0]}. It was not restored, and the database is as it was.`;
  throw new JobFailure(message, { details: { outcome: "refused", problems } });
}

/** Why a good file is not the one that is wished. */
async function unlike(plan: RestorePlan, found: Verdict, signal: AbortSignal): Promise<string[]> {
  if (plan.schema !== "same") return schemaProblems(plan, found, undefined);
  try {
    return schemaProblems(plan, found, await readSchema(plan.database, signal));
  } catch (error) {
    if (!isBusy(error)) throw error;
    const message = `${plan.database}: its schema could not be read, because somebody writes to it. Nothing was restored; try again.`;
    throw new JobFailure(message, { exitCode: EXIT.temporary, details: { outcome: "refused" } });
  }
}
