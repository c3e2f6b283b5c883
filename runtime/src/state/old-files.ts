import { createReadStream, existsSync, readdirSync, renameSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Logger } from "pino";
import * as z from "zod/mini";
import { errorCode } from "../contract/error-code.ts";
import { runRecordEnd } from "../contract/run-record.ts";
import type { Query, SqlDatabase } from "../databases/sql-database.ts";
import { openSqlite } from "../databases/sqlite-database.ts";
import { DOCUMENTS_DDL } from "./documents.ts";
import { ensureRecords, openRecords } from "./records.ts";
import { SQLITE_LEASES } from "./sql-leases.ts";

/** The name of the state file on a service's disk, beside which older versions had other files. */
const DEFAULT_NAME = "state.db";

/** Lines that are imported before other work of the process gets its turn. */
const LINES_AT_ONCE = 200;

/** Longest wait for another process that imports the same files. */
const WAIT_MS = 10 * 60_000;

const VERB = "import the files of an older version";

const DOCUMENTS_NAME = "opspec-documents.db";
const SEGMENT = /^ledger\.(\d+)$/;

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

/** One line of the old file of records. */
const RecordLine = z.discriminatedUnion("event", [
  z.object({ event: z.literal("begin"), ...Start }),
  z.object({ event: z.literal("end"), ...Start, ...runRecordEnd }),
]);

const LedgerEntry = {
  token: z.string(),
  name: z.string(),
  slot: z.optional(z.number()),
  fence: z.number(),
};

/** One line of the old ledger: the fields about finished slots. */
const LedgerLine = z.discriminatedUnion("do", [
  z.object({ do: z.literal("take"), ...LedgerEntry }),
  z.object({ do: z.literal("finish"), token: z.string() }),
  z.object({
    do: z.literal("snapshot"),
    held: z.array(z.object(LedgerEntry)),
    finished: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))),
  }),
]);

const FINISHED_SLOT = `
  INSERT INTO opspec_leases (name, slot, state, fence, holder, since_ms, ttl_ms, renewed_ms,
    renewed_at_ms)
  VALUES ($1, $2, 'finished', $3, '', 0, 0, 0, 0) ON CONFLICT (name, slot) DO NOTHING`;

const DOCUMENT = `
  INSERT INTO opspec_documents (name, version, text) VALUES ($1, $2, $3)
  ON CONFLICT (name) DO NOTHING`;

/** Reads an old file into the state file; returns the number of corrupt lines. */
type Import = (query: Query, path: string) => Promise<number>;

/**
 * Imports the files of an older version into the state file, and renames each to
 * `<name>.imported-<time>`, so that a downgraded version starts without them.
 *
 * Without such files it does nothing. Several processes may start at once, and any of them may be
 * killed: the write lock of the state file lets one import at a time, an import changes nothing that
 * is there already, and a file is renamed once its rows are on the disk. A failure is logged, and the
 * next start imports.
 */
export async function importOldFiles(
  path: string,
  log: Pick<Logger, "info" | "warn" | "error">,
): Promise<void> {
  if (oldFiles(path).length === 0) return;
  const database = openSqlite(path, { busyLimitMs: WAIT_MS });
  const imports = {
    records: recordsInto(database),
    ledger: importLedger,
    documents: importDocuments,
  };
  try {
    await ensureRecords(database);
    await database.ensure(SQLITE_LEASES.relation, SQLITE_LEASES.ddl);
    await database.ensure("opspec_documents", DOCUMENTS_DDL);
    for (const { kind, file } of oldFiles(path)) {
      await importFile(database, { file, run: imports[kind], log }).catch((error: unknown) =>
        log.error(
          { err: error, file, database: path },
          "cannot import a state file of an older version",
        ),
      );
    }
  } catch (error) {
    log.error({ err: error, database: path }, "cannot import the state files of an older version");
  } finally {
    await database.close();
  }
}

async function importFile(
  database: SqlDatabase,
  { file, run, log }: { file: string; run: Import; log: Pick<Logger, "info" | "warn"> },
): Promise<void> {
  const corruptLines = await database.transaction(VERB, async (query) =>
    // Another process may have imported it while this one waited.
    existsSync(file) ? await run(query, file) : undefined,
  );
  if (corruptLines === undefined) return;
  // The rows are safe now. Under the write lock no other process is reading the file.
  const renamed = await database.transaction(VERB, async () => setAside(file));
  if (renamed === undefined) return;
  const fields = { file, renamed, database: database.where };
  log.info(fields, "imported a state file of an older version");
  if (corruptLines === 0) return;
  log.warn({ ...fields, corruptLines }, "corrupt lines of an old state file were not imported");
}

interface OldFile {
  /** Run records as JSON lines, a directory with a ledger of leases and slots, or a SQLite file with documents. */
  readonly kind: "records" | "ledger" | "documents";
  readonly file: string;
}

/** Beside `state.db` they have the old default names, beside any other file its own name. */
function oldFiles(path: string): OldFile[] {
  const directory = dirname(path);
  const isDefault = basename(path) === DEFAULT_NAME;
  const stem = join(directory, basename(path, extname(path)));
  const ledger = isDefault ? join(directory, "locks") : stem;
  const all: OldFile[] = [
    { kind: "records", file: isDefault ? join(directory, "runs.jsonl") : `${stem}.jsonl` },
    ...(isDefault ? [{ kind: "documents" as const, file: join(directory, DOCUMENTS_NAME) }] : []),
    { kind: "documents", file: join(ledger, DOCUMENTS_NAME) },
    { kind: "ledger", file: ledger },
  ];
  return all.filter(({ kind, file }) =>
    kind === "ledger" ? lastSegment(file) !== undefined : existsSync(file),
  );
}

/** A line that is not ours, or that a crash cut off, is left out. */
function recordsInto(database: SqlDatabase): Import {
  return async (query, file) => {
    const records = openRecords(database, { namespace: "", query });
    let [count, corrupt] = [0, 0];
    for await (const line of linesOf(file)) {
      const { data } = RecordLine.safeParse(line);
      if (data?.event === "begin") {
        const { event: _begin, ...run } = data;
        await records.begin(run);
      } else if (data?.event === "end") {
        const { event: _end, ...run } = data;
        await records.finish(run);
      } else {
        corrupt += 1;
      }
      count += 1;
      if (count % LINES_AT_ONCE === 0) await nextTurn();
    }
    return corrupt;
  };
}

/** Leases ended with the old version. Finished slots stay finished. */
async function importLedger(query: Query, directory: string): Promise<number> {
  const taken = new Map<string, z.infer<typeof LedgerLine> & { do: "take" }>();
  const finish = async (name: string, slot: number, fence: number): Promise<void> => {
    await query(VERB, FINISHED_SLOT, [name, new Date(slot).toISOString(), fence]);
  };
  for await (const line of linesOf(lastSegment(directory) ?? directory)) {
    const { data } = LedgerLine.safeParse(line);
    if (data?.do === "take") taken.set(data.token, data);
    if (data?.do === "finish") {
      const { name, slot, fence } = taken.get(data.token) ?? {};
      if (name !== undefined && slot !== undefined) await finish(name, slot, fence ?? 0);
    }
    if (data?.do !== "snapshot") continue;
    for (const it of data.held) taken.set(it.token, { do: "take", ...it });
    for (const [name, slots] of Object.entries(data.finished)) {
      for (const [slot, fence] of slots) await finish(name, slot, fence);
    }
  }
  return 0;
}

async function importDocuments(query: Query, file: string): Promise<number> {
  const old = openSqlite(file);
  try {
    const rows = await old.query(VERB, "SELECT name, version, text FROM opspec_documents");
    for (const { name, version, text } of rows) {
      await query(VERB, DOCUMENT, [String(name), Number(version), String(text)]);
    }
    return 0;
  } finally {
    // Closing it also ends its write-ahead log, so that one file is left to rename.
    await old.close();
  }
}

/** Each line as the JSON that it is; undefined for any other. Empty lines are left out. */
async function* linesOf(file: string): AsyncGenerator<unknown> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    try {
      if (line.trim() !== "") yield JSON.parse(line);
    } catch {
      yield undefined;
    }
  }
}

/** The ledger's newest segment, which starts with a snapshot of the older ones. */
function lastSegment(directory: string): string | undefined {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const numbers = readdirSync(directory).flatMap((name) => SEGMENT.exec(name)?.[1] ?? []);
  if (numbers.length === 0) return undefined;
  return join(directory, `ledger.${Math.max(...numbers.map(Number))}`);
}

/** The new name; undefined when another process that started at the same time has renamed it. */
function setAside(path: string): string | undefined {
  const renamed = `${path}.imported-${new Date().toISOString().replaceAll(/[:.]/g, "")}`;
  try {
    renameSync(path, renamed);
    return renamed;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return undefined;
  }
}
