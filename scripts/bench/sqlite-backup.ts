import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { fingerprint } from "../../runtime/src/backups/backup-file.ts";
import { copyDatabase } from "../../runtime/src/backups/database-copy.ts";
import { checkDatabase } from "../../runtime/src/backups/database-check.ts";
import { findProgram } from "../bootstrap/test-programs.ts";
import { elapsedMs, type Figure, type Measured, median } from "./figure.ts";

const MEGABYTES = 256;

/** Number of pairs: a copy of the command line and one of ours in turn, so that both meet the same load. */
const PAIRS = 7;

/** Duration of writes before the backups, for the delay without a backup. */
const ALONE_MS = 3_000;

/** Number of backups during the writes: enough writes for a 99th percentile. */
const STALL_BACKUPS = 3;

const { signal } = new AbortController();

/**
 * Backup of a SQLite database in use: its speed, the cost of its verification, and the delay of
 * writers.
 */
export const sqliteBackup: readonly Figure[] = [
  // 0.9 times the command line's speed is 1.11 times its time.
  { name: "backup-to-sqlite3-time", unit: "x", bar: 1.11, measure: onDatabase(copyRatio) },
  { name: "backup-verification", unit: "x", measure: onDatabase(verification) },
  { name: "backup-writer-stall", unit: "ms", measure: onDatabase(writerStall) },
];

interface Bench {
  readonly directory: string;
  readonly database: string;
  readonly megabytes: number;
}

function onDatabase(measure: (bench: Bench) => Promise<Measured>): () => Promise<Measured> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "opspec-bench-"));
    const database = join(directory, "shop.db");
    try {
      using app = new DatabaseSync(database);
      app.exec(`PRAGMA journal_mode = WAL; CREATE TABLE orders (id INTEGER PRIMARY KEY, text TEXT);
        CREATE INDEX by_text ON orders (text);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MEGABYTES * 1024})
        INSERT INTO orders SELECT i, hex(randomblob(230)) FROM n;
        PRAGMA wal_checkpoint(TRUNCATE)`);
      return await measure({ directory, database, megabytes: statSync(database).size / 1024 ** 2 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
}

/** The copy alone, relative to `.backup`; neither is verified. */
async function copyRatio({ directory, database, megabytes }: Bench): Promise<Measured> {
  const program = findProgram("sqlite");
  if (program === undefined) return { value: Number.NaN, detail: "sqlite3 is not installed" };
  const target = join(directory, "copy.db");
  const theirs: number[] = [];
  const ours: number[] = [];
  for (let pair = 0; pair <= PAIRS; pair++) {
    const their = await elapsedMs(() =>
      promisify(execFile)(program, [database, `.backup ${target}`]),
    );
    rmSync(target);
    const our = await elapsedMs(() => copyDatabase({ database, target, signal }));
    rmSync(target);
    // The first pair fills the file system's cache.
    if (pair > 0) theirs.push(their);
    if (pair > 0) ours.push(our);
  }
  const [our, their] = [median(ours), median(theirs)];
  const speed = (ms: number): string => `${((megabytes / ms) * 1000).toFixed(0)} MB/s`;
  const sides = `${speed(our)} to ${speed(their)} of sqlite3, ${(their / our).toFixed(2)} x its speed`;
  return { value: our / their, detail: `${sides}; ${megabytes.toFixed(0)} MB, ${PAIRS} pairs` };
}

/** The cost of verification relative to the copy: integrity check, row counts and checksums. */
async function verification({ directory, database, megabytes }: Bench): Promise<Measured> {
  const target = join(directory, "copy.db");
  const copyMs = await elapsedMs(() => copyDatabase({ database, target, signal }));
  const verifyMs = await elapsedMs(() => checkDatabase(target, { signal }));
  const sumsMs = await elapsedMs(() => fingerprint(target, signal));
  const steps = `copy ${copyMs.toFixed(0)}, integrity and rows ${verifyMs.toFixed(0)}, checksums ${sumsMs.toFixed(0)} ms`;
  const value = (copyMs + verifyMs + sumsMs) / copyMs;
  return { value, detail: `${steps} of ${megabytes.toFixed(0)} MB` };
}

/** The 99th percentile of write times during a backup. */
async function writerStall({ directory, database }: Bench): Promise<Measured> {
  const target = join(directory, "copy.db");
  const writer = startWriter(database);
  await once(writer.process, "message");
  await sleep(ALONE_MS);
  const alone = await writer.times();
  for (let round = 0; round < STALL_BACKUPS; round++) {
    await copyDatabase({ database, target, signal });
    rmSync(target);
  }
  const during = await writer.times();
  writer.process.kill();
  await once(writer.process, "exit");
  const longest = Math.max(...during).toFixed(1);
  const without = `${p99(alone).toFixed(2)} ms without a backup`;
  const detail = `p99 of ${during.length} writes; longest ${longest} ms; ${without} (${alone.length} writes)`;
  return { value: p99(during), detail };
}

function p99(ms: readonly number[]): number {
  return ms.toSorted((a, b) => a - b)[Math.ceil(ms.length * 0.99) - 1] ?? Number.NaN;
}

interface Writer {
  readonly process: ChildProcess;
  /** Milliseconds of each write since the last call. */
  times(): Promise<number[]>;
}

/** A separate process that writes one row after the other, each in a transaction. */
function startWriter(database: string): Writer {
  const program = `
    import { DatabaseSync } from "node:sqlite";
    const app = new DatabaseSync(${JSON.stringify(database)}, { timeout: 30000 });
    app.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    const insert = app.prepare("INSERT INTO orders (text) VALUES (hex(randomblob(100)))");
    let times = [];
    process.on("message", () => { process.send(times); times = []; });
    process.send([]);
    const write = () => {
      const start = performance.now();
      insert.run();
      times.push(performance.now() - start);
      setTimeout(write, 1);
    };
    write();`;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const times = async (): Promise<number[]> => {
    writer.send("times");
    const [answer]: number[][] = await once(writer, "message");
    return answer ?? [];
  };
  return { process: writer, times };
}
