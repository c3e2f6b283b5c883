import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import type { JobContext } from "../../job-definition.ts";
import type { Verdict } from "./verdict.ts";

/** What is noted beside a backup: with it a later look, on any machine, can tell that it is the same file. */
export interface BackupNote {
  readonly file: string;
  readonly createdAt: string;
  /** `startup`, `periodic`, `aligned_schedule` or `admin_trigger:<who>`. */
  readonly reason: string;
  readonly runId: string;
  /** Name of the database file. */
  readonly database: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly integrity: "ok";
  readonly rows: Readonly<Record<string, number>>;
}

/** Why the backup was made, in the words of chorizaurio's admin page. */
export function backupReason(actor: string, scheduled: "periodic" | "aligned_schedule"): string {
  if (actor === "start") return "startup";
  const manual = /^manual\b *(.*)$/.exec(actor);
  return manual ? `admin_trigger:${manual[1] || "somebody"}` : scheduled;
}

/** Size and checksum of a finished file. */
export async function fingerprint(
  path: string,
  signal: AbortSignal,
): Promise<Pick<BackupNote, "sizeBytes" | "sha256">> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal });
  return { sizeBytes: (await stat(path)).size, sha256: hash.digest("hex") };
}

/** The note of a verified backup, before it has its name. */
export function noteOf(
  context: JobContext,
  database: string,
  known: Pick<BackupNote, "reason" | "sizeBytes" | "sha256"> & Pick<Verdict, "rows"> & { at: Date },
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
