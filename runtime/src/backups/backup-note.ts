import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import * as z from "zod/mini";
import { replaceFile } from "../jobs/file.ts";
import type { JobContext } from "../jobs/definition.ts";
import { errorCode } from "../contract/error-code.ts";

/** One read of a checksum: few enough that the process answers between two, many enough to be quick. */
const READ_BYTES = 256 * 1024;

/** How a restore drill of a backup ended. */
export const BackupDrill = z.object({
  at: z.string(),
  outcome: z.enum(["ok", "failed"]),
  runId: z.string(),
});

/** What is noted beside a backup: with it a later look, on any machine, can tell that it is the same file. */
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
  rows: z.record(z.string(), z.number()),
  /** The last restore drill of this backup, if there was one. */
  drill: z.optional(BackupDrill),
});

export type BackupDrill = z.infer<typeof BackupDrill>;
export type BackupNote = z.infer<typeof BackupNote>;

/** Size and checksums of a file. */
export type Fingerprint = Required<Pick<BackupNote, "sizeBytes" | "sha256" | "md5">>;

/** Name of the note that lies beside a backup. */
export function noteName(backup: string): string {
  return `${backup}.json`;
}

/** Why the backup was made, as backup lists show it; see docs/sources.md. */
export function backupReason(actor: string, scheduled: "periodic" | "aligned_schedule"): string {
  if (actor === "start") return "startup";
  const manual = /^manual\b *(.*)$/.exec(actor);
  return manual ? `admin_trigger:${manual[1] || "somebody"}` : scheduled;
}

/** Size and checksums of a finished file, read once. */
export async function fingerprint(path: string, signal: AbortSignal): Promise<Fingerprint> {
  const sha256 = createHash("sha256");
  const md5 = createHash("md5");
  for await (const part of createReadStream(path, { highWaterMark: READ_BYTES, signal })) {
    sha256.update(part);
    md5.update(part);
  }
  return {
    sizeBytes: (await stat(path)).size,
    sha256: sha256.digest("hex"),
    md5: md5.digest("hex"),
  };
}

/** The note of a verified backup, before it has its name. */
export function noteOf(
  context: Pick<JobContext, "runId">,
  database: string,
  known: Fingerprint & Pick<BackupNote, "reason" | "rows"> & { at: Date },
): Omit<BackupNote, "file"> {
  const { at, ...facts } = known;
  return {
    createdAt: at.toISOString(),
    runId: context.runId,
    database: basename(database),
    integrity: "ok",
    ...facts,
  };
}

/** The note beside a backup; undefined when there is none or when it is not one. */
export async function readNote(backup: string): Promise<BackupNote | undefined> {
  try {
    const said = BackupNote.safeParse(JSON.parse(await readFile(noteName(backup), "utf8")));
    return said.success ? said.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes the note beside a backup in one step, in place of one that is there. */
export async function writeNote(backup: string, note: BackupNote): Promise<void> {
  await replaceFile(noteName(backup), `${JSON.stringify(note, null, 2)}\n`);
}
