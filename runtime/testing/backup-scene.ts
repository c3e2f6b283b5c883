import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import type { JobContext } from "../src/jobs/definition.ts";
import { jobContext } from "./job-context.ts";

/** Options of a backup job in a scene. */
export const OPTIONS = { database: "ventas.db", directory: "backups", prefix: "ventas_" };

/** A run in a new directory. */
export function backupScene(given: Partial<JobContext> = {}): JobContext {
  const directory = mkdtempSync(join(tmpdir(), "backup-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return jobContext({ directory, options: OPTIONS, ...given });
}

/** The app's connection, whose writes are still in the write-ahead log. */
export function appDatabase(directory: string, rows: number): DatabaseSync {
  const database = new DatabaseSync(join(directory, "ventas.db"));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE usuarios (id INTEGER, name TEXT); CREATE INDEX by_name ON usuarios (name);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO usuarios SELECT i, hex(randomblob(200)) FROM n`);
  return database;
}

/** The files in the directory. */
export function backups({ directory }: JobContext): string[] {
  return readdirSync(join(directory, "backups"))
    .filter((name) => !name.startsWith("."))
    .toSorted();
}
