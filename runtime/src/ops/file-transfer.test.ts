import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { nodeListener } from "../http.ts";
import { OPS_TOKEN, scratchOps } from "../../testing/scratch-ops.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { openOps } from "./app.ts";

const HEADERS = { "x-ops-token": OPS_TOKEN };

async function scene() {
  const mount = scratchDirectory();
  mkdirSync(join(mount, "backups"));
  writeFileSync(join(mount, "backups/a.csv"), "0123456789");
  const ops = await scratchOps({ manifest: { disk: { mount, persist: ["backups"] } } });
  const get = async (headers: Record<string, string>, method = "GET") =>
    ops.raw("/ops/files/backups/a.csv", { method, headers: { ...HEADERS, ...headers } });
  return { mount, ops, get };
}

test.each([
  ["bytes=0-3", 206, "bytes 0-3/10", "0123"],
  ["bytes=4-", 206, "bytes 4-9/10", "456789"],
  ["bytes=-2", 206, "bytes 8-9/10", "89"],
  ["bytes=8-100", 206, "bytes 8-9/10", "89"],
  ["bytes=-100", 206, "bytes 0-9/10", "0123456789"],
  ["bytes=9-9", 206, "bytes 9-9/10", "9"],
  ["bytes=10-", 416, "bytes */10", ""],
  ["bytes=-0", 416, "bytes */10", ""],
  ["bytes=99999999999999999999-", 416, "bytes */10", ""],
  ["bytes=5-2", 200, null, "0123456789"],
  ["bytes=-", 200, null, "0123456789"],
  ["bytes=0-1,4-5", 200, null, "0123456789"],
  ["lines=0-1", 200, null, "0123456789"],
])("a download of the range %s is a %i with %s", async (...[range, status, part, text]) => {
  const { get } = await scene();

  const answer = await get({ range });

  expect([answer.status, answer.headers.get("content-range")]).toEqual([status, part]);
  expect(answer.headers.get("accept-ranges")).toBe("bytes");
  expect(answer.headers.get("content-length")).toBe(String(text.length));
  expect(await answer.text()).toBe(text);
});

test("a part is only sent of the version that the client has", async () => {
  const { get, mount } = await scene();
  const first = await get({});
  const [etag = "", modified = ""] = ["etag", "last-modified"].map(
    (it) => first.headers.get(it) ?? "",
  );
  const statusIf = async (condition: string) =>
    (await get({ range: "bytes=4-", "if-range": condition })).status;

  const same = [await statusIf(etag), await statusIf(modified)];
  writeFileSync(join(mount, "backups/a.csv"), "another file");

  expect(same).toEqual([206, 206]);
  expect([await statusIf(etag), await statusIf('"other"')]).toEqual([200, 200]);
});

test("HEAD answers like GET without the body, over a connection too, and leaves no file open", async () => {
  const { ops, get, mount } = await scene();
  const server = createServer(nodeListener(openOps(ops.process).fetch));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/ops`;

  const head = await get({ range: "bytes=0-3" }, "HEAD");
  const [file, list, jobs, none] = await Promise.all(
    ["files/backups/a.csv", "files/backups", "jobs", "files/other"].map((path) =>
      fetch(`${url}/${path}`, { method: "HEAD", headers: HEADERS }),
    ),
  );
  const posted = await fetch(`${url}/reload`, { method: "HEAD", headers: HEADERS });

  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
    200,
    "10",
    "",
  ]);
  expect([file?.status, list?.status, jobs?.status, none?.status]).toEqual([200, 200, 200, 404]);
  expect(file?.headers.get("content-length")).toBe("10");
  expect(posted.status).toBe(405);
  expect(openFiles(mount)).toEqual([]);
});

test("a refused range leaves no file open", async () => {
  const { get, mount } = await scene();

  await get({ range: "bytes=10-" });

  expect(openFiles(mount)).toEqual([]);
});

/** The files below a directory that this process has open. */
function openFiles(directory: string): string[] {
  return readdirSync("/proc/self/fd")
    .map((fd) => `/proc/self/fd/${fd}`)
    .filter((fd) => existsSync(fd) && readlinkSync(fd).startsWith(directory));
}

/** Swaps a directory for a link to another one and back, until it is terminated. */
const SWAPPER = `
const { renameSync, symlinkSync, unlinkSync } = require("node:fs");
const { workerData: { directory, outside } } = require("node:worker_threads");
const cell = new Int32Array(new SharedArrayBuffer(4));
const pause = () => Atomics.wait(cell, 0, 0, Math.random() / 4);
for (;;) {
  renameSync(directory, directory + ".away");
  symlinkSync(outside, directory);
  pause();
  unlinkSync(directory);
  renameSync(directory + ".away", directory);
  pause();
}`;

test("a directory that is swapped for a link meanwhile never leads out", async () => {
  const { ops, mount } = await scene();
  const [outside, directory] = [scratchDirectory(), join(mount, "backups/year")];
  writeFileSync(join(outside, "a.csv"), "SECRET");
  writeFileSync(join(outside, "secret"), "SECRET");
  mkdirSync(directory);
  writeFileSync(join(directory, "a.csv"), "ours");
  const swapper = new Worker(SWAPPER, { eval: true, workerData: { directory, outside } });
  onTestFinished(async () => void (await swapper.terminate()));
  await once(swapper, "online");

  const texts = new Map<string, number>();
  const ask = async (path: string, init: object = {}) => {
    const answer = await ops.raw(`/ops/files/backups/${path}`, { headers: HEADERS, ...init });
    const text = answer.status === 404 ? "404" : await answer.text();
    const known = text.includes("SECRET") || text.includes("secret") ? "outside" : text.slice(0, 4);
    texts.set(known, (texts.get(known) ?? 0) + 1);
  };
  for (let at = 0; at < 400; at += 1) {
    await Promise.all([
      ask("year/a.csv"),
      ask("year"),
      ask(`year/new-${at}`, { method: "PUT", body: "new" }),
    ]);
  }

  expect(readdirSync(outside).toSorted()).toEqual(["a.csv", "secret"]);
  expect(texts.get("outside")).toBe(undefined);
  expect(texts.get("ours")).toBeGreaterThan(10);
}, 60_000);
