import {
  backupOf,
  fingerprint,
  newestFirst,
  noteName,
  tooMany,
} from "../../backups/backup-file.ts";
import { type BackupSet, type ListedBackup, listBackups } from "../../backups/backup-sets.ts";
import {
  type FileToStore,
  type ObjectStore,
  ObjectStoreError,
  type ObjectStoreSettings,
  type StoredObject,
  openObjectStore,
} from "../../backups/object-store.ts";
import { EXIT } from "../../contract/exit-code.ts";
import {
  dryRunOutcome,
  type JobContext,
  JobFailure,
  type JobOutcome,
  temporaryFailure,
} from "../definition.ts";
import { errorCode } from "../../contract/error-code.ts";
import { resolve } from "node:path";
import { valueOf } from "../../contract/env.ts";
import { offsiteCopyJob } from "./options.ts";

/**
 * Copies the newest verified backups to a bucket and verifies each object.
 *
 * It does not upload a backup that is there with the same checksum. It removes old objects only after
 * it found all backups in the bucket.
 */
export async function work(context: JobContext): Promise<JobOutcome> {
  const plan = planOf(context);
  const backups = await wantedBackups(plan);
  const copying = { context, plan, store: openObjectStore(plan.store, context.signal) };
  const result = await copyAll(copying, backups);
  if (result.problems.length > 0) throw failure(result);
  const { copied, present } = result;
  const removed = await removeSuperfluous(copying, backups).catch((error: unknown) => {
    throw error instanceof ObjectStoreError ? failure({ ...result, problems: [error] }) : error;
  });
  if (context.dryRun) {
    const would = { wouldCopy: copied, present, wouldRemove: removed };
    return dryRunOutcome(would);
  }
  return { status: "ok", details: { copied, present, removed } };
}

interface Copying {
  readonly context: JobContext;
  readonly plan: OffsitePlan;
  readonly store: ObjectStore;
}

async function wantedBackups(plan: OffsitePlan): Promise<VerifiedBackup[]> {
  const verified = (await listBackups(plan)).filter(isVerified).slice(0, plan.newest);
  if (verified.length > 0) return verified;
  const message = `${plan.directory}: there is no verified backup to copy. Find out why none is made.`;
  throw temporaryFailure(message);
}

interface Copies {
  readonly copied: string[];
  readonly present: string[];
  readonly problems: Error[];
}

/** Copies all backups, even if one fails. */
async function copyAll(copying: Copying, backups: readonly VerifiedBackup[]): Promise<Copies> {
  const copies: Copies = { copied: [], present: [], problems: [] };
  for (const backup of backups) {
    try {
      copies[await copyOne(copying, backup)].push(backup.filename);
    } catch (error) {
      copying.context.signal.throwIfAborted();
      if (errorCode(error) === "ENOENT") {
        copying.context.log.warn(
          { file: backup.filename },
          "a backup was removed before it was copied",
        );
        continue;
      }
      if (!(error instanceof ObjectStoreError || error instanceof JobFailure)) throw error;
      copies.problems.push(error);
    }
  }
  return copies;
}

async function copyOne(copying: Copying, backup: VerifiedBackup): Promise<"copied" | "present"> {
  const { context, plan, store } = copying;
  const key = plan.folder + backup.filename;
  const there = await store.head(key);
  const isThere = there?.sha256 === backup.sha256 && there.sizeBytes === backup.size;
  if (isThere) return "present";
  if (context.dryRun) return "copied";
  const file = await fileOf(backup, context.signal);
  // The note comes first: the next run does not upload anything for an object that exists.
  await store.put(noteName(key), await noteFile(backup, context.signal));
  await store.put(key, file);
  verifyArrival(backup.filename, file, await store.head(key));
  return "copied";
}

/** Refuses a file that changed since it was verified. */
async function fileOf(backup: VerifiedBackup, signal: AbortSignal): Promise<FileToStore> {
  const { path, filename } = backup;
  const found = await fingerprint(path, signal);
  if (found.sha256 === backup.sha256) {
    return { path, ...found, contentType: "application/vnd.sqlite3" };
  }
  const message = `${filename}: its SHA-256 is ${found.sha256}, and its note says ${backup.sha256}. It was not copied.`;
  throw new JobFailure(message);
}

async function noteFile({ path }: ListedBackup, signal: AbortSignal): Promise<FileToStore> {
  const note = noteName(path);
  return { path: note, ...(await fingerprint(note, signal)), contentType: "application/json" };
}

function verifyArrival(name: string, file: FileToStore, there: StoredObject | undefined): void {
  // A service that encrypts with its own key has an etag that is not an MD5.
  const isMd5 = /^[0-9a-f]{32}$/.test(there?.etag ?? "");
  const wrong = [
    !there && "it is not there",
    there && there.sizeBytes !== file.sizeBytes && `it has ${there.sizeBytes} bytes there`,
    there && there.sha256 !== file.sha256 && "its checksum was not kept",
    there && isMd5 && there.etag !== file.md5 && "its content differs",
  ].find((problem) => typeof problem === "string");
  if (wrong === undefined) return;
  throw new JobFailure(`${name}: was copied, but ${wrong}. Check the bucket.`);
}

/** Removes the oldest objects of this set, but none of the backups that this run verified. */
async function removeSuperfluous(
  { context, plan, store }: Copying,
  backups: readonly VerifiedBackup[],
): Promise<string[]> {
  const { folder, prefix, keep } = plan;
  if (keep === undefined) return [];
  const there = (await store.keys(folder + prefix)).map((key) => key.slice(folder.length));
  // A dry run has not uploaded the newest backups, but they count.
  const names = new Set([...there, ...backups.map(({ filename }) => filename)]);
  const files = newestFirst([...names].flatMap((name) => backupOf(name, prefix) ?? []));
  const stay = new Set(backups.map(({ filename }) => filename));
  const removed = tooMany(files, keep, stay).map(({ name }) => name);
  for (const name of context.dryRun ? [] : removed) {
    await store.remove(folder + name);
    await store.remove(noteName(folder + name));
  }
  return removed;
}

/** A refused key needs a person. A service that did not respond may be retried. */
function failure({ copied, present, problems }: Copies): JobFailure {
  const statuses = problems.map((it) => (it instanceof ObjectStoreError ? it.status : 0));
  const isRefused = statuses.some((status) => status === 401 || status === 403);
  const isAway = statuses.every((it) => it === undefined || it === 429 || it >= 500);
  const exitCode = isRefused ? EXIT.configuration : isAway ? EXIT.temporary : 1;
  const messages = problems.map(({ message }) => message);
  return new JobFailure(messages.join("; "), { exitCode, details: { copied, present } });
}

/** Default: the daily backups of a weekend. */
const NEWEST = 3;

/** Variables that AWS tools read. @see https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html */
const ACCESS_KEY = "AWS_ACCESS_KEY_ID";
const SECRET_KEY = "AWS_SECRET_ACCESS_KEY";

/** Resolved options of one run. */
interface OffsitePlan extends Pick<BackupSet, "directory" | "prefix"> {
  readonly store: ObjectStoreSettings;
  /** Ends with a slash, or is empty. */
  readonly folder: string;
  readonly newest: number;
  readonly keep: number | undefined;
}

/** A backup with a known checksum. */
type VerifiedBackup = ListedBackup & { readonly sha256: string };

/** Resolves the options. Reports all missing variables. */
function planOf({ options, env, directory, job }: JobContext): OffsitePlan {
  const said = offsiteCopyJob.options.parse(options);
  const names = { id: said.accessKeyEnv ?? ACCESS_KEY, secret: said.secretKeyEnv ?? SECRET_KEY };
  const [accessKeyId, secretAccessKey] = [valueOf(env, names.id), valueOf(env, names.secret)];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = [names.id, names.secret].filter((name) => valueOf(env, name) === undefined);
    const message = `${missing.join(", ")}: not set. The job ${job} needs the keys of the bucket.`;
    throw new JobFailure(message, { exitCode: EXIT.configuration });
  }
  const { endpoint, bucket, region = "us-east-1" } = said;
  return {
    directory: resolve(directory, said.directory),
    prefix: said.prefix,
    store: { endpoint, bucket, region, accessKeyId, secretAccessKey },
    folder: said.folder === undefined ? "" : `${said.folder.replace(/\/$/, "")}/`,
    // Does not upload what it would remove again.
    newest: Math.min(said.newest ?? NEWEST, said.keep ?? Infinity),
    keep: said.keep,
  };
}

/** Whether a backup was verified when it was made, and did not fail a drill since. */
function isVerified(backup: ListedBackup): backup is VerifiedBackup {
  const { integrity, sha256, drill } = backup;
  return integrity === "ok" && sha256 !== null && drill?.outcome !== "failed";
}
