import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import type { JobContext } from "../definition.ts";
import { startHttpServer } from "../../../testing/http-server.ts";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import { work as writeDigest } from "./work.ts";

const AT = clockAt("2026-01-06T20:00:00Z");

const FILES = ["csv", "md", "txt"].map((form) => `digest_20260106_200000.${form}`);

const SOURCE = { kind: "file", path: "rows.json" };

test("a digest is written as csv, md and txt and archived, and the run lists the files", async () => {
  const given = setting([
    { sku: "1", title: "Mug | blue", stock: 3 },
    { sku: "2", title: "Two\nlines", note: null },
  ]);

  const outcome = await writeDigest(given, AT);

  const artifacts = FILES.map((name) => `backups/${name}`);
  expect(outcome).toEqual({
    status: "ok",
    details: {
      artifacts,
      rows: 2,
      email: "skipped",
      emailProblem: "DIGEST_EMAIL_FROM and DIGEST_EMAIL_TO are not set",
    },
  });
  const [csv, md, txt] = artifacts.map((path) => readFileSync(join(given.directory, path), "utf8"));
  expect(csv).toBe('sku,title,stock,note\n1,Mug | blue,3,\n2,"Two\nlines",,\n');
  expect(md).toBe(`# Vega

2026-01-06 13:00 America/Mazatlan. 2 rows.

| sku | title | stock | note |
|---|---|---|---|
| 1 | Mug \\| blue | 3 |  |
| 2 | Two lines |  |  |
`);
  expect(txt).toBe(`Vega

2026-01-06 13:00 America/Mazatlan. 2 rows.

sku  title       stock  note
1    Mug | blue  3
2    Two lines
`);
  expect(readdirSync(join(given.directory, "snapshots"))).toEqual([]);
});

test("two digests in one second do not clash", async () => {
  const given = setting([{ a: 1 }]);

  await Promise.all([writeDigest(given, AT), writeDigest(given, AT), writeDigest(given, AT)]);

  const stamps = ["20260106_200000", "20260106_200000_1", "20260106_200000_2"];
  expect(readdirSync(join(given.directory, "backups")).toSorted()).toEqual(
    stamps
      .flatMap((stamp) => ["csv", "md", "txt"].map((form) => `digest_${stamp}.${form}`))
      .toSorted(),
  );
});

test("a digest that cannot be archived leaves none of its files", async () => {
  const given = setting([{ a: 1 }]);
  // A directory with the name of the last file.
  mkdirSync(join(given.directory, "backups", "digest_20260106_200000.txt"), { recursive: true });
  const second = await writeDigest(given, AT);
  expect(second.details["artifacts"]).toContain("backups/digest_20260106_200000_1.csv");

  const blocked = setting([{ a: 1 }]);
  writeFileSync(join(blocked.directory, "backups"), "a file where the archive should be");
  await expect(writeDigest(blocked, AT)).rejects.toThrow(
    "snapshots, backups: the digest could not be written: ",
  );
  expect(readdirSync(join(blocked.directory, "snapshots"))).toEqual([]);
});

test("many rows are cut in the texts for people, and all of them are in the csv", async () => {
  const rows = Array.from({ length: 250 }, (_, index) => ({ n: index, long: "x".repeat(100) }));
  const given = setting(rows);

  await writeDigest(given, AT);

  const read = (form: string) =>
    readFileSync(join(given.directory, `backups/digest_20260106_200000.${form}`), "utf8");
  expect(read("csv").split("\n")).toHaveLength(252);
  expect(read("md")).toContain("250 rows.\nThe first 200 are shown; the csv has all of them.\n");
  expect(read("txt")).toContain(`${"x".repeat(39)}…`);
});

test("a source that is away fails the run for now, with no credential and no file", async () => {
  const server = await startHttpServer(() => ({ status: 500, body: "hunter2" }));
  const source = { kind: "http", urlEnv: "ROWS_URL" };
  const env = { ROWS_URL: `${server.url}/?key=hunter2` };
  const given = { ...setting([]), options: { source }, env };

  await expect(writeDigest(given, AT)).rejects.toMatchObject({
    message: "http of ROWS_URL: HTTP 500.",
    exitCode: EXIT.temporary,
  });
  expect(existsSync(join(given.directory, "snapshots"))).toBe(false);
});

test("a digest without a source says so, in its files and in the log", async () => {
  const given = { ...setting([]), options: {} };

  const { details } = await writeDigest(given, AT);

  expect(details["rows"]).toBe(0);
  const text = readFileSync(join(given.directory, `backups/${FILES[2]}`), "utf8");
  expect(text).toContain("No source of rows is configured.");
  expect(given.lines).toEqual([expect.objectContaining({ level: "warn" })]);
});

test("a source whose variable is not set yet leaves the digest without rows, with a warning", async () => {
  const source = { kind: "http", urlEnv: "ROWS_URL" };
  const given = { ...setting([]), options: { source } };

  expect(await writeDigest(given, AT)).toMatchObject({ status: "ok", details: { rows: 0 } });
  expect(given.lines).toMatchObject([
    {
      level: "warn",
      msg: "the digest has no source of rows: http of ROWS_URL: the variable ROWS_URL is not set. Set it.",
    },
  ]);
});

test("a dry run says which files it would write, and writes none", async () => {
  const given = setting([{ a: 1 }], { dryRun: true });

  expect(await writeDigest(given, AT)).toEqual({
    status: "skipped",
    details: { dryRun: true, wouldWrite: FILES.map((name) => `backups/${name}`) },
  });
  expect(readdirSync(given.directory)).toEqual(["rows.json"]);
});

function setting(rows: readonly object[], given: Partial<JobContext> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "digest-"));
  writeFileSync(join(directory, "rows.json"), JSON.stringify(rows));
  const options = { source: SOURCE, title: "Vega" };
  return jobContext({ directory, options, timezone: "America/Mazatlan", ...given });
}
