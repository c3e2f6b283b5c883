import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { jobOptionProblems } from "../catalog.ts";
import { EXIT } from "../../contract/exit-code.ts";
import type { JobContext } from "../definition.ts";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import {
  OBJECT_KEYS,
  startObjectServer,
  type TestObjectServer,
} from "../../../testing/object-server.ts";
import { work as backUpSqlite } from "../sqlite-backup/work.ts";
import { work as verifyBackup } from "../backup-verify/work.ts";
import { work as copyOffsite } from "./work.ts";

const NAMES = [1, 2, 3, 4].map((day) => `ventas_2026010${day}_220000.db`);

/** As much as makes an upload of several reads. */
const ROWS = 5_000;

test("the newest verified backups are copied with their notes, and found there", async () => {
  const { given, server } = await withBackups(4);

  const { details } = await copyOffsite(given);

  expect(details).toEqual({ copied: [NAMES[3], NAMES[2], NAMES[1]], present: [], removed: [] });
  expect([...server.objects.keys()].toSorted()).toEqual(
    NAMES.slice(1).flatMap((name) => [`shop/${name}`, `shop/${name}.json`]),
  );
  for (const [key, { body, headers }] of server.objects) {
    const file = readFileSync(join(given.directory, "backups", key.slice("shop/".length)));
    expect(body.equals(file), key).toBe(true);
    expect(headers["x-amz-meta-sha256"]).toMatch(/^[0-9a-f]{64}$/);
  }
});

test("what is there with the same checksum is not sent again, and what differs is", async () => {
  const { given, server } = await withBackups(3);
  await copyOffsite(given);
  const spoiled = `shop/${NAMES[1]}`;
  const headers = { "x-amz-meta-sha256": "0".repeat(64) };
  server.objects.set(spoiled, { body: Buffer.from("another"), headers });
  server.asked.length = 0;

  const { details } = await copyOffsite(given);

  expect(details).toMatchObject({ copied: [NAMES[1]], present: [NAMES[2], NAMES[0]] });
  expect(server.asked.filter((line) => line.startsWith("PUT"))).toEqual([
    `PUT backups/${spoiled}.json`,
    `PUT backups/${spoiled}`,
  ]);
});

test("only what is too many is removed, by the time in the names, and no other object", async () => {
  const { given, server } = await withBackups(3);
  const foreign = ["shop/other.txt", "shop/ventas_x.db", "ventas_20200101_000000.db"];
  const old = ["shop/ventas_20200101_000000.db", "shop/ventas_20200102_000000.db"];
  for (const key of [...foreign, ...old, `${old[0]}.json`]) {
    server.objects.set(key, { body: Buffer.alloc(1), headers: {} });
  }
  const options = { ...given.options, keep: 4 };

  const { details } = await copyOffsite({ ...given, options });

  expect(details["removed"]).toEqual(["ventas_20200101_000000.db"]);
  const left = [...server.objects.keys()].filter((key) => !/2026/.test(key)).toSorted();
  expect(left).toEqual([...foreign, old[1]].toSorted());
});

test("what was just copied is not removed, whatever lies there under later names", async () => {
  const { given, server } = await withBackups(2);
  for (const day of ["01", "02"]) {
    const key = `shop/ventas_203001${day}_000000.db`;
    server.objects.set(key, { body: Buffer.alloc(1), headers: {} });
  }
  const options = { ...given.options, keep: 2 };

  expect((await copyOffsite({ ...given, options })).details).toMatchObject({
    copied: [NAMES[1], NAMES[0]],
    removed: [],
  });
});

test("a bucket that may not be listed is told with what was copied, for a person to correct", async () => {
  const { given, server } = await withBackups(1);
  // After the look, the two uploads and the look at what arrived.
  server.faults.push(undefined, undefined, undefined, undefined, 403);
  const options = { ...given.options, keep: 1 };

  await expect(copyOffsite({ ...given, options })).rejects.toMatchObject({
    message: "the object store could not list its objects: HTTP 403 SlowDown",
    exitCode: EXIT.configuration,
    details: { copied: [NAMES[0]] },
  });
});

test("to keep one copies one, and the last is never removed", async () => {
  const { given, server } = await withBackups(3);
  const options = { ...given.options, keep: 1 };

  await copyOffsite({ ...given, options });
  const { details } = await copyOffsite({ ...given, options });

  expect(details).toEqual({ copied: [], present: [NAMES[2]], removed: [] });
  expect([...server.objects.keys()]).toEqual([`shop/${NAMES[2]}.json`, `shop/${NAMES[2]}`]);
  expect(jobOptionProblems("offsite-copy", { ...options, keep: 0 })).toHaveLength(1);
});

test("a backup without a note, or that a drill found bad, is not copied", async () => {
  const { given, server } = await withBackups(3);
  const directory = join(given.directory, "backups");
  rmSync(join(directory, `${NAMES[2]}.json`));
  const options = { directory: "backups", prefix: "ventas_", tables: ["clientes"] };
  const drill = { ...given, options, input: { backup: NAMES[1] } };
  await expect(verifyBackup(drill)).rejects.toThrow('no table "clientes"');

  expect((await copyOffsite(given)).details["copied"]).toEqual([NAMES[0]]);

  rmSync(join(directory, `${NAMES[0]}.json`));
  await expect(copyOffsite(given)).rejects.toMatchObject({
    message: expect.stringContaining("there is no verified backup to copy"),
    exitCode: EXIT.temporary,
  });
  expect(server.objects.size).toBe(2);
});

test("a file that changed since it was verified is not copied, and the others are", async () => {
  const { given, server } = await withBackups(2);
  writeFileSync(join(given.directory, "backups", NAMES[1] ?? ""), "changed");

  await expect(copyOffsite(given)).rejects.toMatchObject({
    message: expect.stringMatching(
      /^ventas_20260102_220000\.db: its SHA-256 is .+ It was not copied\.$/,
    ),
    details: { copied: [NAMES[0]], present: [] },
  });
  expect(server.objects.has(`shop/${NAMES[1]}`)).toBe(false);
});

test("a store that is away for a moment is asked again, and each attempt sends the whole file", async () => {
  const { given, server } = await withBackups(1);
  server.faults.push(503, 0, 500);

  expect((await copyOffsite(given)).details["copied"]).toEqual([NAMES[0]]);
});

test("a store that stays away fails the run for now, and refused keys for good", async () => {
  const { given, server } = await withBackups(1);
  server.faults.push(503, 503, 503, 503);
  await expect(copyOffsite(given)).rejects.toMatchObject({
    message: `the object store could not look at "shop/${NAMES[0]}": HTTP 503`,
    exitCode: EXIT.temporary,
  });

  const env = { ...given.env, BUCKET_SECRET: "another" };
  const refused = copyOffsite({ ...given, env });
  await expect(refused).rejects.toMatchObject({
    message: `the object store could not look at "shop/${NAMES[0]}": HTTP 403`,
    exitCode: EXIT.configuration,
  });
  await expect(refused).rejects.not.toThrow("another");
  await expect(copyOffsite({ ...given, env: {} })).rejects.toThrow(
    "BUCKET_KEY_ID, BUCKET_SECRET: not set. The job job needs the keys of the bucket.",
  );
});

test("an object that is not what was sent is told, and nothing is removed then", async () => {
  const { given, server } = await withBackups(2);
  server.objects.set("shop/ventas_20200101_000000.db", { body: Buffer.alloc(1), headers: {} });
  server.spoil = (body) => Buffer.from(body).fill(0, 100, 200);
  const options = { ...given.options, keep: 1 };

  await expect(copyOffsite({ ...given, options })).rejects.toThrow(
    `${NAMES[1]}: was copied, but its content differs. Check the bucket.`,
  );
  expect(server.objects.has("shop/ventas_20200101_000000.db")).toBe(true);
});

test("a dry run says what it would copy and remove, and sends nothing", async () => {
  const { given, server } = await withBackups(2);
  server.objects.set("shop/ventas_20200101_000000.db", { body: Buffer.alloc(1), headers: {} });
  const options = { ...given.options, keep: 1 };

  const outcome = await copyOffsite({ ...given, options, dryRun: true });

  expect(outcome).toEqual({
    status: "skipped",
    details: {
      dryRun: true,
      wouldCopy: [NAMES[1]],
      present: [],
      wouldRemove: ["ventas_20200101_000000.db"],
    },
  });
  expect(server.asked.filter((line) => /^(PUT|DELETE)/.test(line))).toEqual([]);
});

test("a bucket on the network is reached encrypted or not at all", () => {
  const options = { directory: "b", prefix: "v_", bucket: "b" };
  const problems = (endpoint: string) =>
    jobOptionProblems("offsite-copy", { ...options, endpoint }).map((it) => it.option);

  expect(problems("https://s3.eu-central-1.amazonaws.com")).toEqual([]);
  expect(problems("http://127.0.0.1:9000")).toEqual([]);
  for (const wrong of ["http://s3.example.com", "http://localhost.example.com", "s3.example.com"]) {
    expect(problems(wrong), wrong).toEqual(["endpoint"]);
  }
});

interface Scene {
  readonly given: JobContext;
  readonly server: TestObjectServer;
}

/** So many daily backups, a bucket, and a run that is to copy them. */
async function withBackups(days: number): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), "offsite-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const server = await startObjectServer();
  using app = new DatabaseSync(join(directory, "ventas.db"));
  app.exec(`CREATE TABLE usuarios (id INTEGER, name TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
    INSERT INTO usuarios SELECT i, hex(randomblob(100)) FROM n`);
  const place = { directory: "backups", prefix: "ventas_" };
  const taking = jobContext({ directory, options: { ...place, database: "ventas.db" } });
  for (let day = 1; day <= days; day += 1) {
    await backUpSqlite(taking, clockAt(`2026-01-0${day}T22:00:00Z`));
  }
  const { endpoint, bucket, region } = server;
  const env = { BUCKET_KEY_ID: OBJECT_KEYS.id, BUCKET_SECRET: OBJECT_KEYS.secret };
  const keys = { accessKeyEnv: "BUCKET_KEY_ID", secretKeyEnv: "BUCKET_SECRET" };
  const options = { ...place, ...keys, endpoint, bucket, region, folder: "shop" };
  return { given: jobContext({ directory, options, env }), server };
}
