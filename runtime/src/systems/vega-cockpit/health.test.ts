import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { scratchHealth, type ScratchHealth } from "../../../testing/scratch-health.ts";

/** Most time that a probe takes on a busy machine, in ms. */
const PATIENCE_MS = 10_000;

async function vega(directories: readonly string[]): Promise<ScratchHealth> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-vega-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of directories) mkdirSync(join(directory, name));
  const scratch = scratchHealth({ preset: "vega-cockpit" }, { directory });
  onTestFinished(() => scratch.health.close());
  scratch.health.start();
  await vi.waitFor(
    () => expect(scratch.health.results().every((it) => it.state !== "unknown")).toBe(true),
    PATIENCE_MS,
  );
  return scratch;
}

test("vega-cockpit's smoke test says OK when its three directories take a file", async () => {
  const { get } = await vega(["backups", "snapshots", "logs"]);

  const health = await get("/health");

  expect([health.status, health.body]).toEqual([
    200,
    {
      ok: true,
      overall: "OK",
      checks: [
        { name: "backups", status: "OK" },
        { name: "snapshots", status: "OK" },
        { name: "logs", status: "OK" },
      ],
    },
  ]);
});

test("a directory that is missing makes it CHECK, and the page stays up", async () => {
  const { get } = await vega(["backups", "logs"]);

  expect(await get("/health")).toMatchObject({
    status: 200,
    body: {
      ok: false,
      overall: "CHECK",
      checks: [{}, { name: "snapshots", status: "CHECK", detail: "not found" }, {}],
    },
  });
  expect((await get("/healthz")).status).toBe(200);
});

test("the health path of Streamlit stays the app's own", () => {
  const { health } = scratchHealth({ preset: "vega-cockpit" });

  expect(health.paths).not.toContain("/_stcore/health");
  expect(health.paths).not.toContain("/");
});
