import { copyFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fingerprint } from "../../backups/backup-note.ts";
import { readSchema, schemaProblems } from "../../backups/database-schema.ts";
import { stagedName } from "../../backups/replaced-database.ts";
import { ensureRoom } from "../../backups/room.ts";
import { type Verdict, verifyDatabase } from "../../backups/sqlite-verdict.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { JobFailure } from "../definition.ts";
import { isBusy } from "../../databases/sqlite.ts";
import type { RestorePlan } from "./plan.ts";

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
