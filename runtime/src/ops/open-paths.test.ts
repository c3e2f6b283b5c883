import { expect, test } from "vitest";
import { scratchOps } from "../../testing/scratch-ops.ts";
import { openOps } from "./app.ts";
import { scratchManifest, scratchProcess } from "../../testing/scratch-process.ts";

const MANIFEST = { ops: { public: ["/ops/version" as const] } };
const LOCAL = { headers: { host: "localhost:8000" }, address: "127.0.0.1" };

test("a public path answers anybody, and no other path without the token, not even on this machine", async () => {
  const ops = await scratchOps({ manifest: MANIFEST });
  const from = async (path: string, address: string) =>
    (await ops.ask(path, { ...LOCAL, address })).status;

  for (const address of ["203.0.113.5", "127.0.0.1", "::1"]) {
    expect(await from("/ops/version", address)).toBe(200);
    expect(await from("/ops/jobs", address)).toBe(401);
  }
});

test("an open path is open for reading only, and without a token set the others stay closed", async () => {
  const ops = await scratchOps({ manifest: MANIFEST, env: { OPSPEC_OPS_TOKEN: "" } });

  expect((await ops.ask("/ops/version", LOCAL)).status).toBe(200);
  expect((await ops.ask("/ops/runs", LOCAL)).status).toBe(404);
  expect((await ops.ask("/ops/jobs/x/run", { ...LOCAL, method: "POST" })).status).toBe(404);
  const login = { ...LOCAL, method: "POST", json: { token: "" } };
  expect((await ops.ask("/ops/login", login)).status).toBe(404);
});

test("what holds files or changes something cannot be declared as open", () => {
  for (const path of ["/ops/files", "/ops/backups", "/ops/login", "/ops/job"]) {
    const manifest = { ops: { public: [path] } };
    expect(() => scratchManifest({ jobs: [], manifest: manifest as object })).toThrow(
      /ops\/public\/0/,
    );
  }
});

test("that the paths are closed is said once when the process starts", async () => {
  const { process } = await scratchProcess({ jobs: [] });
  const said: unknown[] = [];
  const log = process.log.child({});
  log.warn = (...what: unknown[]) => void said.push(what);

  const { fetch } = openOps({ ...process, log });
  await Promise.all([1, 2, 3].map(() => fetch(new Request("http://localhost/ops/jobs"))));

  expect(said).toEqual([
    [
      { variable: "OPSPEC_OPS_TOKEN", open: {} },
      "the paths under /ops are closed: OPSPEC_OPS_TOKEN is not set",
    ],
  ]);
});

test("each path of ours answers below /ops/api too", async () => {
  const ops = await scratchOps({ jobs: [{ name: "trim" }] });

  const [short, long] = [await ops.ask("/ops/jobs/trim"), await ops.ask("/ops/api/jobs/trim")];

  expect(long.body).toEqual(short.body);
  expect((await ops.ask("/ops/api/nothing")).status).toBe(404);
});

test("an answer and its errors carry the id with which the request came", async () => {
  const ops = await scratchOps();

  const id = { "x-request-id": "req-7" };
  const error = await ops.ask("/ops/jobs", { headers: id });

  expect(error.body).toEqual({ error: "the token is missing", request_id: "req-7" });
  expect(error.headers.get("x-request-id")).toBe("req-7");
});

test("a slash at the end of a path means nothing", async () => {
  const ops = await scratchOps({ jobs: [{ name: "trim" }] });

  expect((await ops.raw("/ops/", { headers: {} })).status).toBe(200);
  expect((await ops.ask("/ops/jobs/")).body).toEqual((await ops.ask("/ops/jobs")).body);
  expect((await ops.ask("/ops/jobs//")).status).toBe(404);
  expect((await ops.ask("/ops/jobs/", { headers: {} })).status).toBe(401);
});

test("an actor is one line without what a terminal obeys or Postgres does not store", async () => {
  const ops = await scratchOps();
  const reload = async (actor: string) =>
    (await ops.ask("/ops/reload", { method: "POST", json: { actor } })).status;

  for (const actor of [
    "a\u0000",
    "\u001b[2J",
    "a\nb",
    "a\u2028b",
    "a\u202eb",
    "a\u200bb",
    " a",
    "",
    "a".repeat(101),
  ]) {
    expect(await reload(`manual ${actor}`), JSON.stringify(actor)).toBe(400);
  }
  expect(await reload("manual Ana María 🦊")).toBe(200);
});

test("the last words of a crashed app are for operators, on an open path too", async () => {
  const manifest = { ops: { public: ["/ops/version" as const, "/ops/digest" as const] } };
  const app = { ends: [{ tail: "Traceback: row of a customer" }] };
  const ops = await scratchOps({ manifest }, { about: () => ({ app }) });

  for (const path of ["/ops/version", "/ops/digest"]) {
    expect((await ops.ask(path)).body["app"]).toBeDefined();
    const open = await ops.ask(path, { headers: {} });
    expect([open.status, open.body["app"]]).toEqual([200, undefined]);
  }
});
