import { resolve } from "node:path";
import {
  backupOf,
  fingerprint,
  newestFirst,
  noteName,
  tooMany,
} from "../../backups/backup-file.ts";
import { type ListedBackup, listBackups } from "../../backups/backup-sets.ts";
import {
  type FileToStore,
  type ObjectStore,
  ObjectStoreError,
  type StoredObject,
  openObjectStore,
} from "../../backups/object-store.ts";
import { valueOf } from "../../contract/env.ts";
import { errorCode } from "../../contract/error-code.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { offsiteCopyJob } from "./options.ts";

/** Default: the daily backups of a weekend. */
const NEWEST = 3;

/** Variables that AWS tools read. @see https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html */
const ACCESS_KEY = "AWS_ACCESS_KEY_ID";
const SECRET_KEY = "AWS_SECRET_ACCESS_KEY";

/** One run, with resolved options. */
interface OffsiteCopy {
  readonly context: JobContext;
  readonly store: ObjectStore;
  /** Prefix of the keys. Ends with a slash, or is empty. */
  readonly folder: string;
  readonly directory: string;
  readonly prefix: string;
  readonly newest: number;
  readonly keep: number | undefined;
}

/** A backup with a known checksum. */
type VerifiedBackup = ListedBackup & { readonly sha256: string };

/**
 * Copies the newest verified backups to a bucket and verifies each object.
 *
 * It does not upload a backup that is there with the same checksum. It removes old objects only after
 * it found all backups in the bucket.
 */
export async function work(context: JobContext): Promise<JobOutcome> {
  const copy = offsiteCopyOf(context);
  const { directory, newest } = copy;
  const backups = (await listBackups(copy)).filter(isVerified).slice(0, newest);
  if (backups.length === 0) {
    const remedy = "Find out why none is made.";
    throw JobFailure.temporary(`${directory}: there is no verified backup to copy. ${remedy}`);
  }
  const result = await copyAll(copy, backups);
  const { copied, present, problems } = result;
  if (problems.length > 0) throw failure(result);
  const removed = await removeSuperfluous(copy, backups).catch((error: unknown) => {
    throw error instanceof ObjectStoreError ? failure({ ...result, problems: [error] }) : error;
  });
  return context.dryRun
    ? dryRunOutcome({ wouldCopy: copied, present, wouldRemove: removed })
    : { status: "ok", details: { copied, present, removed } };
}

/** Resolves the options. Reports all missing variables. */
function offsiteCopyOf(context: JobContext): OffsiteCopy {
  const { env, directory, job, signal } = context;
  const options = offsiteCopyJob.options.parse(context.options);
  const { endpoint, bucket, region = "us-east-1", prefix, newest = NEWEST, keep } = options;
  const { accessKeyEnv = ACCESS_KEY, secretKeyEnv = SECRET_KEY } = options;
  const [accessKeyId, secretAccessKey] = [valueOf(env, accessKeyEnv), valueOf(env, secretKeyEnv)];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = [accessKeyEnv, secretKeyEnv].filter((it) => valueOf(env, it) === undefined);
    const message = `${missing.join(", ")}: not set. The job ${job} needs the keys of the bucket.`;
    throw new JobFailure(message, { exitCode: EXIT.configuration });
  }
  const settings = { endpoint, bucket, region, accessKeyId, secretAccessKey };
  return {
    context,
    store: openObjectStore(settings, signal),
    folder: options.folder === undefined ? "" : `${options.folder.replace(/\/$/, "")}/`,
    directory: resolve(directory, options.directory),
    prefix,
    // Does not upload what it would remove again.
    newest: Math.min(newest, keep ?? Infinity),
    keep,
  };
}

/** Whether a backup was verified when it was made, and did not fail a drill since. */
function isVerified(backup: ListedBackup): backup is VerifiedBackup {
  const { integrity, sha256, drill } = backup;
  return integrity === "ok" && sha256 !== null && drill?.outcome !== "failed";
}

interface Copies {
  readonly copied: string[];
  readonly present: string[];
  readonly problems: Error[];
}

/** Copies all backups, even if one fails. */
async function copyAll(copy: OffsiteCopy, backups: readonly VerifiedBackup[]): Promise<Copies> {
  const { signal, log } = copy.context;
  const copies: Copies = { copied: [], present: [], problems: [] };
  for (const backup of backups) {
    const file = backup.filename;
    try {
      copies[await copyOne(copy, backup)].push(file);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ObjectStoreError || error instanceof JobFailure) {
        copies.problems.push(error);
      } else if (errorCode(error) === "ENOENT") {
        log.warn({ file }, "a backup was removed before it was copied");
      } else throw error;
    }
  }
  return copies;
}

async function copyOne(copy: OffsiteCopy, backup: VerifiedBackup): Promise<"copied" | "present"> {
  const { context, folder, store } = copy;
  const { signal, dryRun } = context;
  const { filename, path, sha256, size } = backup;
  const key = folder + filename;
  const there = await store.head(key);
  if (there?.sha256 === sha256 && there.sizeBytes === size) return "present";
  if (dryRun) return "copied";
  const file = {
    path,
    ...(await fingerprint(path, signal)),
    contentType: "application/vnd.sqlite3",
  };
  if (file.sha256 !== sha256) {
    const message = `${filename}: its SHA-256 is ${file.sha256}, and its note says ${sha256}. It was not copied.`;
    throw new JobFailure(message);
  }
  // The note comes first: the next run does not upload anything for an object that exists.
  const note = noteName(path);
  const noteFacts = await fingerprint(note, signal);
  await store.put(noteName(key), { path: note, ...noteFacts, contentType: "application/json" });
  await store.put(key, file);
  verifyArrival(filename, file, await store.head(key));
  return "copied";
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
  { context, folder, store, prefix, keep }: OffsiteCopy,
  backups: readonly VerifiedBackup[],
): Promise<string[]> {
  if (keep === undefined) return [];
  const there = (await store.keys(folder + prefix)).map((key) => key.slice(folder.length));
  const stay = new Set(backups.map(({ filename }) => filename));
  // A dry run has not uploaded the newest backups, but they count.
  const names = [...new Set([...there, ...stay])];
  const files = newestFirst(names.flatMap((name) => backupOf(name, prefix) ?? []));
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
