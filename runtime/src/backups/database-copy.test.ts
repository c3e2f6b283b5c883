import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { replaceDatabase, stagedName } from "./database-copy.ts";

test("what was no database any more is brought back as it was, also in place of one with a log", async () => {
  const directory = mkdtempSync(join(tmpdir(), "replaced-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const database = join(directory, "ventas.db");
  writeFileSync(database, "no database any more");
  const staged = stagedName(database);
  write(staged);
  const { signal } = new AbortController();

  const replaced = await replaceDatabase({ database, staged, at: new Date(), signal });
  write(database);
  await replaced.rollBack();

  expect(readFileSync(database, "utf8")).toBe("no database any more");
});

/** As an app does that keeps a write-ahead log. */
function write(path: string): void {
  using app = new DatabaseSync(path);
  app.exec("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS usuarios (id INTEGER)");
}
