import { createHash } from "node:crypto";
import { createReadStream, type Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import * as z from "zod/mini";
import { errorCode } from "../contract/error-code.ts";
import type { JobContext } from "../jobs/definition.ts";
import { momentOf, replaceFile } from "../jobs/file.ts";

/** Bytes of one read for a checksum: small, so that the event loop is never blocked for long. */
const READ_BYTES = 256 * 1024;

/** A backup by its file name: prefix, time in UTC, and a number when a second has several. */
export interface BackupFile {
  readonly name: string;
  /** The time in the name: a copy or a restore changes the modification time. */
  readonly takenAt: Date;
  readonly number: number;
}

/** The backups of a directory, newest first. A link is no backup: its target belongs elsewhere. */
export async function backupFiles(directory: string, prefix: string): Promise<BackupFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(
    (error: unknown): Dirent[] => {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    },
  );
  const files = entries.filter((entry) => entry.isFile());
  return newestFirst(files.flatMap(({ name }) => backupOf(name, prefix) ?? []));
}

/** Sorts by the time in the name and, within a second, by the number. */
export function newestFirst(files: readonly BackupFile[]): BackupFile[] {
  return files.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || b.number - a.number);
}

/** The backup of a file name; undefined for any other file. */
export function backupOf(name: string, prefix: string): BackupFile | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const match = /^(\d{8}_\d{6})(?:_(\d{1,3}))?\.db$/.exec(name.slice(prefix.length));
  const takenAt = momentOf(match?.[1] ?? "");
  return takenAt && { name, takenAt, number: Number(match?.[2] ?? 0) };
}

/** The default prefix of a database's backups: `ventas_` for `/data/ventas.db`. */
export function defaultPrefix(database: string): string {
  return `${basename(database).replace(/\.[^.]*$/, "")}_`;
}

/**
 * The backups to remove: all but the newest by name and the protected ones.
 *
 * The last verified backup is protected: after a clock was set back, the newest by name may all be
 * older than it.
 */
export function tooMany(
  sorted: readonly BackupFile[],
  keep: number,
  neverRemoved: ReadonlySet<string>,
): BackupFile[] {
  return sorted.slice(keep).filter(({ name }) => !neverRemoved.has(name));
}

/** The result of a restore drill. */
export const BackupDrill = z.object({
  at: z.string(),
  outcome: z.enum(["ok", "failed"]),
  runId: z.string(),
});
export type BackupDrill = z.infer<typeof BackupDrill>;

/** The note beside a backup. With it, a later check on any machine can identify the file. */
export const BackupNote = z.object({
  file: z.string(),
  createdAt: z.string(),
  /** `startup`, `periodic`, `aligned_schedule` or `admin_trigger:<who>`. */
  reason: z.string(),
  runId: z.string(),
  /** Name of the database file. */
  database: z.string(),
  sizeBytes: z.number(),
  sha256: z.string(),
  /** For pages that show it; a backup is verified by its sha256. */
  md5: z.optional(z.string()),
  integrity: z.literal("ok"),
  /** What SQLite outside the app could not check, with the reason. */
  unchecked: z.optional(z.array(z.string())),
  rows: z.record(z.string(), z.number()),
  /** The last restore drill of this backup. */
  drill: z.optional(BackupDrill),
});
export type BackupNote = z.infer<typeof BackupNote>;

/** Size and checksums of a file. */
export type Fingerprint = Required<Pick<BackupNote, "sizeBytes" | "sha256" | "md5">>;

/** Name of the note beside a backup. */
export function noteName(backup: string): string {
  return `${backup}.json`;
}

/** The reason for a backup, as backup lists show it; see docs/sources.md. */
export function backupReason(actor: string, scheduled: "periodic" | "aligned_schedule"): string {
  if (actor === "start") return "startup";
  const manual = /^manual\b *(.*)$/.exec(actor);
  return manual ? `admin_trigger:${manual[1] || "somebody"}` : scheduled;
}

/** Size and checksums of a finished file, in one pass. */
export async function fingerprint(path: string, signal: AbortSignal): Promise<Fingerprint> {
  const sha256 = createHash("sha256");
  const md5 = createHash("md5");
  for await (const part of createReadStream(path, { highWaterMark: READ_BYTES, signal })) {
    sha256.update(part);
    md5.update(part);
  }
  const { size: sizeBytes } = await stat(path);
  return { sizeBytes, sha256: sha256.digest("hex"), md5: md5.digest("hex") };
}

/** The note of a verified backup that has no name yet. */
export function noteOf(
  { runId }: Pick<JobContext, "runId">,
  database: string,
  { at, ...facts }: Fingerprint & Pick<BackupNote, "reason" | "rows" | "unchecked"> & { at: Date },
): Omit<BackupNote, "file"> {
  const createdAt = at.toISOString();
  return { createdAt, runId, database: basename(database), integrity: "ok", ...facts };
}

/** The note beside a backup; undefined when it is missing or unreadable. */
export async function readNote(backup: string): Promise<BackupNote | undefined> {
  return readJsonFile(noteName(backup), BackupNote);
}

/** Writes the note beside a backup in one step. */
export async function writeNote(backup: string, note: BackupNote): Promise<void> {
  await replaceFile(noteName(backup), `${JSON.stringify(note, null, 2)}\n`);
}

/** The value of a JSON file; undefined when the file is missing or does not match the schema. */
export async function readJsonFile<T>(
  path: string,
  schema: z.ZodMiniType<T>,
): Promise<T | undefined> {
  try {
    const read = schema.safeParse(JSON.parse(await readFile(path, "utf8")));
    return read.success ? read.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
