import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { scratchHealth, type ScratchHealth } from "../../../testing/scratch-health.ts";

async function chorizaurio(prepare: (path: string) => void): Promise<ScratchHealth> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-chorizaurio-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "ventas.db");
  prepare(path);
  const env = { DB_PATH: path, ENVIRONMENT: "production", APP_VERSION: "2.1.0" };
  const scratch = scratchHealth({ preset: "chorizaurio" }, { env });
  onTestFinished(() => scratch.health.close());
  scratch.health.start();
  await vi.waitFor(
    () => expect(scratch.health.results().every((it) => it.state !== "unknown")).toBe(true),
    { timeout: 10_000 },
  );
  return scratch;
}

test("chorizaurio's two paths answer alike, with every field of its body", async () => {
  const { get } = await chorizaurio((path) => new DatabaseSync(path).close());

  const health = await get("/health", { "x-request-id": "req-9" });
  const apiHealth = await get("/api/health", { "x-request-id": "req-9" });

  const body = {
    status: "healthy",
    database: "ok",
    database_type: "sqlite",
    environment: "production",
    version: "2.1.0",
    request_id: "req-9",
    timestamp: expect.stringMatching(/Z$/),
  };
  expect([health.status, health.body]).toEqual([200, body]);
  expect([apiHealth.status, apiHealth.body]).toEqual([200, body]);
  expect(health.headers.get("x-request-id")).toBe("req-9");
});

test("with a broken database chorizaurio is degraded, and still 200", async () => {
  const { get } = await chorizaurio((path) =>
    writeFileSync(path, "this is no database, it is a text of some length."),
  );

  const health = await get("/health");

  expect(health).toMatchObject({
    status: 200,
    body: { status: "degraded", database: "error: file is not a database" },
  });
  expect((await get("/healthz")).status).toBe(200);
  expect((await get("/readyz")).status).toBe(503);
});

test("with no database chorizaurio says so, and none is made", async () => {
  const { get } = await chorizaurio(() => {});

  expect(await get("/api/health")).toMatchObject({
    status: 200,
    body: { status: "degraded", database: "error: unable to open database file" },
  });
});
