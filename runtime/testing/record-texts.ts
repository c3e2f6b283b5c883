import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** The run records in a SQLite file, one JSON text each; none before its table exists. */
export function recordTexts(path: string): string[] {
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database
      .prepare("SELECT record FROM opspec_runs")
      .all()
      .map(({ record }) => String(record));
  } catch {
    return [];
  } finally {
    database.close();
  }
}
