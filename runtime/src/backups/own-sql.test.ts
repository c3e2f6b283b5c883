import { createReadStream, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { runJob } from "../run/run-job.ts";
import { makeOwnSqlDatabase, OWN_SQL, type OwnSql } from "../../testing/own-sql.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { scratchProcess } from "../../testing/scratch-process.ts";
import { receiveUpload } from "./uploads.ts";

const FILES = { directory: "backups", prefix: "shop_" };

async function scene() {
  const directory = scratchDirectory();
  const options = { database: "shop.db", ...FILES };
  const { process, alerts } = await scratchProcess({
    directory,
    jobs: [
      { name: "backup", uses: "sqlite-backup", options: { ...options, spacingSeconds: 0 } },
      { name: "verify", uses: "backup-verify", options: { ...FILES, tables: ["products"] } },
      { name: "restore", uses: "sqlite-restore", options: { ...options, schema: "same" } },
    ],
  });
  const run = (job: string, input = {}) => runJob(process, { job, input, actor: "schedule" });
  return { directory, alerts, run };
}

test.each(Object.keys(OWN_SQL) as OwnSql[])(
  "a database with %s is backed up, verified and restored, with what was not checked",
  async (own) => {
    const { directory, run } = await scene();
    const database = join(directory, "shop.db");
    makeOwnSqlDatabase(database, own);
    const { unchecked } = OWN_SQL[own];

    const backup = await run("backup");
    const file = String(backup.details["file"]);
    const path = join(directory, "backups", file);
    const verified = await run("verify");
    const restored = await run("restore", { backup: file });
    const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
    await receiveUpload(
      {
        directory: join(directory, "backups/uploads"),
        name: "shop.db",
        body: createReadStream(path),
        sha256,
        bytesMax: 1e9,
        by: "ana",
      },
      new Date(),
    );
    const uploaded = await run("restore", { upload: "shop.db" });

    const results = [backup, verified, restored, uploaded];
    expect(results.map(({ status, error }) => [status, error])).toEqual(
      results.map(() => ["ok", null]),
    );
    for (const { details } of results) {
      expect(details["unchecked"]).toContain(unchecked);
      expect(details["rows"]).toMatchObject({ products: 2000 });
    }
    expect(JSON.parse(readFileSync(`${path}.json`, "utf8")).unchecked).toContain(unchecked);
  },
);

test("one alert says what cannot be checked, and one that it is over", async () => {
  const { directory, alerts, run } = await scene();
  const path = join(directory, "shop.db");
  makeOwnSqlDatabase(path, "a collation in an index");

  for (const job of ["backup", "verify", "backup"]) await run(job);
  using database = new DatabaseSync(path);
  database.exec("DROP INDEX by_name");
  for (const job of ["backup", "verify", "backup"]) await run(job);

  expect(alerts.map(({ kind, title }) => `${kind}: ${title}`)).toEqual([
    'rule: shop: backups shop_* are kept, but a part cannot be checked outside the app: table "products" was only checked page by page: no such collation sequence: es_pe_',
    "resolved: shop: backups shop_* are checked as a whole",
  ]);
  expect(alerts[1]?.key).toBe(alerts[0]?.key);
});
