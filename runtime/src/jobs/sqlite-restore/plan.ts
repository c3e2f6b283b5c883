import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { behindLinks } from "../file.ts";
import { findBackup, type RestorePlace, restorePlace } from "../../backups/backup-sets.ts";
import { findUpload } from "../../backups/uploads.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure } from "../definition.ts";
import { sqliteRestoreInput, sqliteRestoreJob } from "./options.ts";

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
