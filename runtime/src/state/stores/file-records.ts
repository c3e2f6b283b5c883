import { closeSync, openSync, rmSync, statSync } from "node:fs";
import * as z from "zod/mini";

import { type RecordStore, type RunRecord, runRecordEnd } from "../../contract/run-record.ts";
import { appendLine, isCode, readLines, rewriteLines } from "./line-file.ts";
import { type RunEvent, RunJournal } from "./run-journal.ts";
import { StoreError } from "./store-error.ts";

/** The file is rewritten when it holds so many times what is kept; each rewriting costs a whole file. */
const SLACK = 1.1;

/** A rewriter that holds its turn for so long was killed; rewriting takes milliseconds. */
const REWRITE_LIMIT_MS = 60_000;

const Start = {
  job: z.string(),
  runId: z.string(),
  scheduledFor: z.iso.datetime(),
  startedAt: z.iso.datetime(),
  actor: z.string(),
  host: z.string(),
  commit: z.nullable(z.string()),
  fence: z.number(),
};

/** One line; other programs may read the file, and it may hold anything after a crash. */
const Line = z.discriminatedUnion("event", [
  z.object({ event: z.literal("begin"), ...Start }),
  z.object({
    event: z.literal("end"),
    ...Start,
    ...runRecordEnd,
  }),
]);

/** Records in a file of lines, with what of it could not be read. */
export interface FileRecordStore extends RecordStore {
  /** Lines that are not ours or were cut off; they are left out, and dropped by the next rewriting. */
  corruptLines(): number;
}

/**
 * Run records in a file with one JSON object a line: one when a run begins, one when it ends.
 *
 * Several processes of one machine may append at once, and the order of the lines is what happened.
 */
export function openFileRecords(path: string, keepRecords: number): FileRecordStore {
  const read = (verb: string) => attempt({ where: path, verb }, () => readJournal(path));
  return {
    begin: async (run) => {
      attempt({ where: path, verb: "note the start of a run" }, () =>
        appendLine(path, JSON.stringify({ event: "begin", ...run })),
      );
    },
    finish: async (record) => {
      const text = JSON.stringify({ event: "end", ...record });
      attempt({ where: path, verb: "store a run record" }, () => appendLine(path, text));
      const { journal, lines } = read("read run records");
      const kept = journal.endOf(record.runId);
      const isAccepted = kept !== undefined && lines.get(kept) === text;
      if (journal.largestJob() > keepRecords * SLACK) prune(path, keepRecords);
      return isAccepted;
    },
    list: async (query) => {
      const { journal } = read("read run records");
      journal.prune(keepRecords);
      return journal.list(query);
    },
    unfinished: async () => read("read unfinished runs").journal.unfinished(),
    corruptLines: () => read("read run records").corrupt,
    close: async () => {},
  };
}

interface JournalFile {
  readonly journal: RunJournal;
  /** The text of each accepted end. */
  readonly lines: ReadonlyMap<RunRecord, string>;
  readonly corrupt: number;
}

function readJournal(path: string): JournalFile {
  return journalOf(readLines(path));
}

function journalOf(texts: readonly string[]): JournalFile {
  const journal = new RunJournal();
  const lines = new Map<RunRecord, string>();
  let corrupt = 0;
  for (const text of texts) {
    const event = parseLine(text);
    if (event === undefined) corrupt += 1;
    else if (journal.add(event) && event.event === "end") lines.set(event.run, text);
  }
  return { journal, lines, corrupt };
}

function parseLine(text: string): RunEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data } = Line.safeParse(value);
  if (data === undefined) return undefined;
  if (data.event === "end") {
    const { event, ...run } = data;
    return { event, run };
  }
  const { event, ...run } = data;
  return { event, run };
}

/** Whoever comes while another rewrites leaves it to that one. */
function prune(path: string, keepRecords: number): void {
  const turn = `${path}.rewriting`;
  try {
    closeSync(openSync(turn, "wx"));
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
    if (isOlder(turn, REWRITE_LIMIT_MS)) rmSync(turn, { force: true });
    return;
  }
  try {
    rewriteLines(path, (texts) => {
      const { journal } = journalOf(texts);
      journal.prune(keepRecords);
      return journal.events().map(({ event, run }) => JSON.stringify({ event, ...run }));
    });
  } finally {
    rmSync(turn, { force: true });
  }
}

function isOlder(path: string, limitMs: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > limitMs;
}

function attempt<T>(failure: { where: string; verb: string }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new StoreError(failure, error);
  }
}
