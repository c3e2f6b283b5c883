import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { nodeListener } from "../http.ts";
import { OPS_TOKEN, scratchOps } from "../../testing/scratch-ops.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { openOps } from "./app.ts";

async function scene() {
  const mount = scratchDirectory();
  mkdirSync(join(mount, "backups/old"), { recursive: true });
  mkdirSync(join(mount, "private"));
  writeFileSync(join(mount, "backups/a.csv"), "one,two\n");
  writeFileSync(join(mount, "private/secret.txt"), "not persisted");
  const disk = { mount, persist: ["backups", "logs/jobs.jsonl"] };
  const clock = { now: () => new Date("2026-03-27T12:00:00.000Z") };
  return { mount, ...(await scratchOps({ manifest: { disk }, clock })) };
}

test("what is persisted is listed, browsed and downloaded", async () => {
  const ops = await scene();

  const roots = await ops.ask("/ops/files");
  const list = await ops.ask("/ops/files/backups");
  const file = await ops.raw("/ops/files/backups/a.csv");

  expect(roots.body["paths"]).toMatchObject([
    { path: "backups", kind: "directory", exists: true },
    { path: "logs/jobs.jsonl", exists: false },
  ]);
  expect(list.body["entries"]).toMatchObject([
    { name: "a.csv", kind: "file", sizeBytes: 8 },
    { name: "old", kind: "directory", sizeBytes: null },
  ]);
  expect(await file.text()).toBe("one,two\n");
  expect(file.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''a.csv");
  expect(file.headers.get("cache-control")).toContain("no-store");
});

test("a way out of what is persisted is a 404, by names and by links, for reading and for writing", async () => {
  const ops = await scene();
  symlinkSync(join(ops.mount, "private"), join(ops.mount, "backups/link"));
  symlinkSync(join(ops.mount, "private/secret.txt"), join(ops.mount, "backups/file-link"));
  symlinkSync("/etc", join(ops.mount, "backups/etc"));
  const outside = [
    "private/secret.txt",
    "backups/%2e%2e/private/secret.txt",
    "backups%2f..%2fprivate%2fsecret.txt",
    "backups/..%5cprivate",
    "backups/link/secret.txt",
    "backups/link",
    "backups/file-link",
    "backups/etc/passwd",
    "backups/a.csv%00.txt",
    "backups//a.csv",
    "%2fetc%2fpasswd",
    "..%2f..",
    "backups/%ff",
  ];

  for (const path of outside) {
    expect((await ops.ask(`/ops/files/${path}`)).status, path).toBe(404);
    const put = await ops.ask(`/ops/files/${path}`, { method: "PUT", body: "x" });
    expect(put.status, path).toBe(404);
  }
  expect(readFileSync(join(ops.mount, "private/secret.txt"), "utf8")).toBe("not persisted");
  const { body } = await ops.ask("/ops/files/backups");
  expect((body["entries"] as { name: string }[]).map(({ name }) => name)).toEqual(["a.csv", "old"]);
});

test("a file is put back as a whole, and the one that was there is kept beside it", async () => {
  const ops = await scene();
  const headers = {
    authorization: `Bearer ${OPS_TOKEN}`,
    "x-ops-actor": "manual ada",
    "x-checksum-sha256": createHash("sha256").update("three\n").digest("hex"),
  };

  const put = await ops.ask("/ops/files/backups/a.csv", {
    method: "PUT",
    headers,
    body: "three\n",
  });

  expect(put.body).toMatchObject({
    path: "backups/a.csv",
    sizeBytes: 6,
    keptAs: "a.csv.before_restore_20260327_120000",
  });
  expect(readFileSync(join(ops.mount, "backups/a.csv"), "utf8")).toBe("three\n");
  const kept = join(ops.mount, "backups/a.csv.before_restore_20260327_120000");
  expect(readFileSync(kept, "utf8")).toBe("one,two\n");
});

test("a file that arrived damaged or would go under a database changes nothing", async () => {
  const ops = await scene();
  const database = join(ops.mount, "backups/app.db");
  new DatabaseSync(database).exec("CREATE TABLE t (a)");
  const before = readFileSync(database);
  const authorization = `Bearer ${OPS_TOKEN}`;
  const put = (name: string, headers: Record<string, string> = {}) =>
    ops.ask(`/ops/files/backups/${name}`, {
      method: "PUT",
      headers: { authorization, ...headers },
      body: "new",
    });

  expect((await put("a.csv", { "x-checksum-sha256": "0".repeat(64) })).status).toBe(400);
  expect((await put("app.db")).body["error"]).toContain("sqlite-restore");
  expect((await put("old")).status).toBe(409);
  expect((await put("none/a.csv")).status).toBe(404);
  expect((await put("a.csv", { "content-length": String(2 ** 40) })).status).toBe(413);
  expect((await put("a.csv", { "x-ops-actor": "root" })).status).toBe(400);
  expect(readFileSync(database)).toEqual(before);
  expect(readdirSync(join(ops.mount, "backups")).toSorted()).toEqual(["a.csv", "app.db", "old"]);
});

test("a file that is longer than any body goes up and down over a connection, and the old one is intact until then", async () => {
  const ops = await scene();
  const api = openOps(ops.process);
  const server = createServer(nodeListener(api.fetch));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const headers = { "x-ops-token": OPS_TOKEN };
  const path = "/ops/files/backups/big.bin";
  const bytes = Buffer.alloc(3_000_000, 7);

  const cut = httpRequest({
    port,
    path,
    method: "PUT",
    headers: { ...headers, "content-length": "9" },
  });
  cut.on("error", () => {});
  cut.write("half");
  await expect.poll(() => readdirSync(join(ops.mount, "backups")).length).toBe(3);
  cut.destroy();
  await expect.poll(() => readdirSync(join(ops.mount, "backups"))).toEqual(["a.csv", "old"]);
  const put = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "PUT",
    headers,
    body: bytes,
  });
  const got = await fetch(`http://127.0.0.1:${port}${path}`, { headers });

  expect(put.status).toBe(200);
  expect(got.headers.get("content-length")).toBe("3000000");
  expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true);
  const refused = httpRequest({ port, path, method: "PUT", headers: { "x-ops-token": "wrong" } });
  refused.end(bytes);
  const [answer] = await once(refused, "response");
  expect([answer.statusCode, await text(answer)]).toEqual([
    401,
    expect.stringContaining("the token is wrong"),
  ]);
});

test("a part of a database is not put beside it, and a file keeps its permissions", async () => {
  const ops = await scene();
  new DatabaseSync(join(ops.mount, "backups/app.db")).exec("CREATE TABLE t (a)");
  const put = (name: string) =>
    ops.ask(`/ops/files/backups/${name}`, { method: "PUT", body: "new" });
  chmodSync(join(ops.mount, "backups/a.csv"), 0o640);

  for (const part of ["app.db-wal", "app.db-shm", "app.db-journal"]) {
    expect((await put(part)).body["error"]).toContain("a part of a SQLite database");
  }
  expect((await put("a.csv-wal")).status).toBe(200);
  expect((await put("a.csv")).status).toBe(200);
  expect(statSync(join(ops.mount, "backups/a.csv")).mode & 0o777).toBe(0o640);
});

test("a file that grows while it is sent comes with the length that was told", async () => {
  const ops = await scene();
  const log = join(ops.mount, "backups/app.log");
  writeFileSync(log, "a".repeat(200_000));

  const answer = await ops.raw("/ops/files/backups/app.log");
  writeFileSync(log, "b".repeat(300_000), { flag: "a" });
  const body = await answer.text();

  expect(answer.headers.get("content-length")).toBe("200000");
  expect(body).toBe("a".repeat(200_000));
});

test("a file that shrinks while it is sent is cut off and not taken for whole", async () => {
  const ops = await scene();
  const log = join(ops.mount, "backups/app.log");
  writeFileSync(log, "a".repeat(2_000_000));

  const answer = await ops.raw("/ops/files/backups/app.log");
  writeFileSync(log, "");

  await expect(answer.text()).rejects.toThrow(/the file shrank to \d+ of 2000000 bytes/);
});

test("an empty file is an empty answer, and a download that nobody wants any more closes its file", async () => {
  const ops = await scene();
  writeFileSync(join(ops.mount, "backups/empty"), "");
  writeFileSync(join(ops.mount, "backups/big"), "a".repeat(2_000_000));
  const openFiles = () =>
    readdirSync("/proc/self/fd")
      .map((fd) => `/proc/self/fd/${fd}`)
      // The one with which this is read is gone again.
      .filter((fd) => existsSync(fd) && readlinkSync(fd).startsWith(ops.mount));

  const empty = await ops.raw("/ops/files/backups/empty");
  const big = await ops.raw("/ops/files/backups/big");
  await big.body?.cancel();

  expect([empty.headers.get("content-length"), await empty.text()]).toEqual(["0", ""]);
  await expect.poll(openFiles).toEqual([]);
});
