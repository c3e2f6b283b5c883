import { createReadStream, existsSync, readdirSync, renameSync } from "node:fs";
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

/** Where an older version kept its state, beside a state file. */
interface OldFiles {
  /** Run records, one JSON object a line. */
  readonly records: readonly string[];
  /** Directories with a ledger of leases and slots. */
  readonly ledgers: readonly string[];
  /** SQLite files with documents. */
  readonly documents: readonly string[];
}

/**
 * Imports the files of an older version into the state file, and renames them to
 * `<name>.imported-<time>`, so that a downgraded version starts without them.
 *
 * Without such files it does nothing. Several processes may start at once: the write lock of the
 * state file lets one import at a time, and an import changes nothing that is there already. A
 * failure is logged, and the next start imports.
 */
export async function importOldFiles(
  path: string,
  log: Pick<Logger, "info" | "error">,
): Promise<void> {
  if (!hasAny(findOldFiles(path))) return;
  const database = openSqlite(path, { busyLimitMs: WAIT_MS });
  try {
    await ensureRecords(database);
    await database.ensure(SQLITE_LEASES.relation, SQLITE_LEASES.ddl);
    await database.ensure("opspec_documents", DOCUMENTS_DDL);
    const files = await database.transaction(VERB, async (query) => {
      // Another process may have imported them while this one waited.
      const found = findOldFiles(path);
      for (const file of found.records) await importRecords(query, database, file);
      for (const directory of found.ledgers) await importLedger(query, directory);
      for (const file of found.documents) await importDocuments(query, file);
      return [...found.records, ...found.documents, ...found.ledgers];
    });
    // The rows are safe now. Under the write lock no other process is reading the files.
    const moved = await database.transaction(VERB, async () => files.filter(setAside));
    if (moved.length === 0) return;
    log.info({ files: moved, database: path }, "imported the state files of an older version");
  } catch (error) {
    log.error(
      { err: error, database: path },
      "the state files of an older version are not imported",
    );
  } finally {
    await database.close();
  }
}

/** Beside `state.db` they have the old default names, beside any other file its own name. */
function findOldFiles(path: string): OldFiles {
  const directory = dirname(path);
  const isDefault = basename(path) === DEFAULT_NAME;
  const stem = join(directory, basename(path, extname(path)));
  const ledger = isDefault ? join(directory, "locks") : stem;
  const beside = isDefault ? [directory] : [];
  return {
    records: [isDefault ? join(directory, "runs.jsonl") : `${stem}.jsonl`].filter(existsSync),
    ledgers: [ledger].filter((it) => lastSegment(it) !== undefined),
    documents: [...beside, ledger]
      .map((it) => join(it, "opspec-documents.db"))
      .filter((it) => existsSync(it)),
  };
}

function hasAny({ records, ledgers, documents }: OldFiles): boolean {
  return records.length + ledgers.length + documents.length > 0;
}

/** A line that is not ours, or that a crash cut off, is left out. */
async function importRecords(query: Query, database: SqlDatabase, file: string): Promise<void> {
  const inTransaction: SqlDatabase = {
    dialect: database.dialect,
    where: database.where,
    isKept: database.isKept,
    query,
    ensure: async () => {},
    transaction: (verb, work) => database.transaction(verb, work),
    close: () => database.close(),
  };
  const records = openRecords(inTransaction, {
    namespace: "",
    keepRecords: Number.MAX_SAFE_INTEGER,
  });
  let count = 0;
  for await (const line of linesOf(file)) {
    const { data } = RecordLine.safeParse(line);
    if (data?.event === "begin") {
      const { event: _begin, ...run } = data;
      await records.begin(run);
    } else if (data?.event === "end") {
      const { event: _end, ...run } = data;
      await records.finish(run);
    }
    count += 1;
    if (count % LINES_AT_ONCE === 0) await nextTurn();
  }
}

/** Leases ended with the old version. Finished slots stay finished. */
async function importLedger(query: Query, directory: string): Promise<void> {
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
}

async function importDocuments(query: Query, file: string): Promise<void> {
  const old = openSqlite(file);
  try {
    const rows = await old.query(VERB, "SELECT name, version, text FROM opspec_documents");
    for (const { name, version, text } of rows) {
      await query(VERB, DOCUMENT, [String(name), Number(version), String(text)]);
    }
  } finally {
    // Closing it also ends its write-ahead log, so that one file is left to rename.
    await old.close();
  }
}

/** Each whole line as the JSON that it is; undefined for any other. */
async function* linesOf(file: string): AsyncGenerator<unknown> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    try {
      yield JSON.parse(line);
    } catch {
      yield undefined;
    }
  }
}

/** The ledger's newest segment, which starts with a snapshot of the older ones. */
function lastSegment(directory: string): string | undefined {
  if (!existsSync(directory)) return undefined;
  const numbers = readdirSync(directory).flatMap((name) => SEGMENT.exec(name)?.[1] ?? []);
  if (numbers.length === 0) return undefined;
  return join(directory, `ledger.${Math.max(...numbers.map(Number))}`);
}

/** False when another process that started at the same time has renamed it. */
function setAside(path: string): boolean {
  const time = new Date().toISOString().replaceAll(/[:.]/g, "");
  try {
    renameSync(path, `${path}.imported-${time}`);
    return true;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return false;
  }
}
