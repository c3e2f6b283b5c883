import { EXIT } from "../contract/exit-code.ts";
import { damagePage, makeOwnSqlDatabase } from "../../testing/own-sql.ts";
import { seedDatabase } from "./seed.ts";
import { StartRefused } from "./start-refused.ts";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";

const log = pino({ enabled: false });
let directory: string;
let bytes: Buffer;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-seed-"));
  makeDatabase("made.db", "seeded");
  bytes = readFileSync(at("made.db"));
  rmSync(at("made.db"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string) => join(directory, name);

function makeDatabase(name: string, who: string): void {
  const database = new DatabaseSync(at(name));
  database.exec("CREATE TABLE usuarios(name TEXT)");
  database.prepare("INSERT INTO usuarios VALUES (?)").run(who);
  database.close();
}

function rowOf(name: string): unknown {
  const database = new DatabaseSync(at(name), { readOnly: true });
  const row = database.prepare("SELECT name FROM usuarios").get();
  database.close();
  return row?.["name"];
}

type Encoding = "plain" | "gzip" | "base64" | "gzip-base64";

function seed(encoding: Encoding = "plain") {
  return seedDatabase({ file: "shop.db", from: "seed", encoding }, { directory, log });
}

async function refusal(promise: Promise<unknown>): Promise<StartRefused> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof StartRefused)) throw new Error("the start was not refused");
  return error;
}

test.each<[Encoding, (plain: Buffer) => Buffer | string]>([
  ["plain", (plain) => plain],
  ["gzip", (plain) => gzipSync(plain)],
  ["base64", (plain) => plain.toString("base64").replaceAll(/(.{76})/g, "$1\r\n")],
  ["gzip-base64", (plain) => `${gzipSync(plain).toString("base64")}\n`],
])("a missing database is made from a %s seed", async (encoding, encode) => {
  writeFileSync(at("seed"), encode(bytes));

  expect(await seed(encoding)).toBe(true);

  expect(rowOf("shop.db")).toBe("seeded");
  expect(readdirSync(directory).toSorted()).toEqual(["seed", "shop.db"]);
});

test("a seed is checked as far as SQLite knows what the app defines itself", async () => {
  makeOwnSqlDatabase(at("seed"), "a collation in an index");

  expect(await seed()).toBe(true);

  rmSync(at("shop.db"));
  damagePage(at("seed"), "orders");

  expect((await refusal(seed())).message).toMatch(
    /is not a sound SQLite database: .*Make the seed/s,
  );
});

test("a database that is there is left as it is", async () => {
  writeFileSync(at("seed"), bytes);
  makeDatabase("shop.db", "customer");

  expect(await seed()).toBe(false);
  expect(rowOf("shop.db")).toBe("customer");
});

test("a persisted file that is still a link to nothing is made where the link leads", async () => {
  writeFileSync(at("seed"), bytes);
  symlinkSync(at("on-disk.db"), at("shop.db"));

  await seed();

  expect(rowOf("on-disk.db")).toBe("seeded");
});

test.each([
  ["empty", "", "exists and is empty"],
  ["no database", "<html>", "is no SQLite database"],
  ["damaged", "SQLite format 3\0 and then nothing of it", "exists and is damaged"],
])("a file that is %s refuses the start and is not overwritten", async (_name, text, words) => {
  writeFileSync(at("seed"), bytes);
  writeFileSync(at("shop.db"), text);

  const error = await refusal(seed());

  expect(error.message).toContain(words);
  expect(error.exitCode).toBe(EXIT.configuration);
  expect(readFileSync(at("shop.db"), "utf8")).toBe(text);
});

test("a locked database refuses the start for now and is not overwritten", async () => {
  writeFileSync(at("seed"), bytes);
  makeDatabase("shop.db", "customer");
  const holder = new DatabaseSync(at("shop.db"));
  holder.exec("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");

  const error = await refusal(seed());
  holder.close();

  expect(error.exitCode).toBe(EXIT.temporary);
  expect(rowOf("shop.db")).toBe("customer");
});

test("a journal without its database refuses the start", async () => {
  writeFileSync(at("seed"), bytes);
  writeFileSync(at("shop.db-wal"), "rows");

  expect((await refusal(seed())).message).toContain("may hold its last rows");
  expect(existsSync(at("shop.db"))).toBe(false);
});

test.each<[string, Encoding, (plain: Buffer) => Buffer | string]>([
  ["a cut gzip", "gzip", (plain) => gzipSync(plain).subarray(0, 100)],
  ["a cut base64", "base64", (plain) => plain.toString("base64").slice(0, -3)],
  ["base64 with foreign characters", "base64", (plain) => `{${plain.toString("base64")}}`],
  ["base64 that goes on after its end", "base64", () => "QQ==QUJD"],
  ["gzip that is none", "gzip-base64", (plain) => plain.toString("base64")],
  ["a cut database", "plain", (plain) => plain.subarray(0, 5000)],
  ["no file at all", "plain", () => ""],
])("%s leaves nothing half-written", async (_name, encoding, encode) => {
  writeFileSync(at("seed"), encode(bytes));

  const error = await refusal(seed(encoding));

  expect(error.message).toContain("app/seed");
  expect(readdirSync(directory)).toEqual(["seed"]);
});

test("of many processes that seed at once exactly one wins", async () => {
  writeFileSync(at("seed"), bytes);
  const script = `
    import { pino } from ${JSON.stringify(import.meta.resolve("pino"))};
    import { seedDatabase } from ${JSON.stringify(new URL("seed.ts", import.meta.url).href)};
    const isOurs = await seedDatabase({ file: "shop.db", from: "seed" }, { directory: ${JSON.stringify(directory)}, log: pino({ enabled: false }) });
    process.stdout.write(isOurs ? "won" : "lost");`;

  const answers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script]);
      let text = "";
      for await (const chunk of child.stdout) text += String(chunk);
      return text;
    }),
  );

  expect(answers.toSorted()).toEqual(["lost", "lost", "lost", "won"]);
  expect(rowOf("shop.db")).toBe("seeded");
  expect(readdirSync(directory).toSorted()).toEqual(["seed", "shop.db"]);
});
