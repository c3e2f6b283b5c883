import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { probeOnce, type Watched } from "../../../testing/probe-watch.ts";
import { makeOwnSqlDatabase, OWN_SQL, type OwnSql } from "../../../testing/own-sql.ts";
import { scratchDirectory } from "../../../testing/scratch-directory.ts";

/** The name of a backup that was made so long ago. */
function backupName(ageMs: number): string {
  const time = new Date(Date.now() - ageMs).toISOString().replaceAll(/[-:]/g, "");
  return `ventas_${time.replace("T", "_").slice(0, 15)}.db`;
}

test("a disk check writes a file, leaves none, and tells what is free", async () => {
  const directory = scratchDirectory();

  const result = await probeOnce({ kind: "disk", path: "." }, { directory });
  const full = await probeOnce({ kind: "disk", path: ".", minFreeMb: 1e12 }, { directory });
  const gone = await probeOnce({ kind: "disk", path: "gone" }, { directory });

  expect(result.value).toBeGreaterThan(0);
  expect(full.error).toMatch(/^\d+ MB free, less than 1000000000000$/);
  expect(gone.error).toBe("not found");
});

test("a SQLite database is opened read-only and checked; a missing one is not made", async () => {
  const directory = scratchDirectory();
  const database = new DatabaseSync(join(directory, "good.db"));
  database.exec("pragma journal_mode = wal; create table t (a); insert into t values (1)");
  writeFileSync(join(directory, "bad.db"), "this is no database, it is a text of some length.");
  const check = async (path: string): Promise<string | undefined> =>
    (await probeOnce({ kind: "sqlite", path }, { directory })).error;

  const errors = [await check("good.db"), await check("bad.db"), await check("none.db")];
  database.close();

  expect(errors).toEqual([undefined, "file is not a database", "unable to open database file"]);
  expect(() => rmSync(join(directory, "none.db"))).toThrow("ENOENT");
});

test("a damaged page is found by quick_check", async () => {
  const directory = scratchDirectory();
  const path = join(directory, "damaged.db");
  const database = new DatabaseSync(path);
  database.exec("create table t (a); create index i on t (a)");
  database.exec(
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) insert into t select 'row ' || i from n",
  );
  database.close();
  const pages = readFileSync(path);
  pages.fill(0xff, 8192, 12_288);
  writeFileSync(path, pages);

  const result = await probeOnce({ kind: "sqlite", path }, { directory });

  expect(result).toMatchObject({ state: "failed" });
  expect(result.error).toMatch(/^damaged/);
});

test.each(Object.keys(OWN_SQL) as OwnSql[])(
  "a healthy database with %s is not called damaged",
  async (own) => {
    const directory = scratchDirectory();
    makeOwnSqlDatabase(join(directory, "shop.db"), own);

    const { error } = await probeOnce({ kind: "sqlite", path: "shop.db" }, { directory });

    expect(error).toBe(undefined);
  },
);

test("the age of a backup is the one in its name, not the one of the file", async () => {
  const directory = scratchDirectory();
  mkdirSync(join(directory, "backups"));
  const put = (name: string, text = "data"): void =>
    writeFileSync(join(directory, "backups", name), text);
  const probe: Watched = {
    kind: "backup",
    directory: "backups",
    prefix: "ventas_",
    withinSeconds: 3600,
  };

  const none = await probeOnce(probe, { directory });
  put(backupName(7_200_000));
  put("ventas.db.before_restore");
  put("other_29991231_000000.db");
  const old = await probeOnce(probe, { directory });
  put(backupName(60_000));
  const young = await probeOnce(probe, { directory });
  put(backupName(30_000), "");
  const empty = await probeOnce(probe, { directory });

  expect(none.error).toBe("there is no backup");
  expect(old.error).toMatch(/^the newest backup is 2 h( \d s)? old, not within 1 h$/);
  expect(young).toMatchObject({ state: "ok" });
  expect(empty.error).toBe("the newest backup is empty");
});
