import { resolve } from "node:path";

import type { ManifestStores } from "../contract/store.ts";
import type { RunRecord, RunStatus } from "../contract/run-record.ts";
import { appendLine } from "../jobs/file.ts";
import { StoreError } from "../databases/sql-database.ts";

/** Statuses in the app's file; the details hold the exact outcome. See docs/sources.md. */
const WORDS: Readonly<Record<RunStatus, string>> = {
  ok: "ok",
  skipped: "skipped",
  failed: "error",
  "timed-out": "error",
  interrupted: "error",
  lost: "error",
};

/**
 * Appends a run to the app's history file, with the app's name of the job.
 *
 * @param directory where a relative path begins
 */
export function appendHistory(
  history: NonNullable<ManifestStores["history"]>,
  record: RunRecord,
  directory: string,
): void {
  const path = resolve(directory, history.path);
  try {
    appendLine(path, JSON.stringify(historyLine(history, record)));
  } catch (error) {
    throw new StoreError({ where: path, verb: "add a run to the history" }, error);
  }
}

/** `ts` is the end of the run, as in the app's own lines. */
function historyLine({ names = {} }: NonNullable<ManifestStores["history"]>, record: RunRecord) {
  const { job, startedAt, durationMs, status, error, details } = record;
  const word = WORDS[status];
  return {
    ts: new Date(Date.parse(startedAt) + durationMs).toISOString(),
    job: names[job] ?? job,
    status: word,
    details: word === "error" ? { ...details, outcome: status, error } : details,
  };
}
