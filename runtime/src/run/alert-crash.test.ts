import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startHttpServer } from "../../testing/http-server.ts";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { scratchManifest } from "../../testing/scratch-process.ts";
import { renderManifest } from "../contract/manifest.ts";
import type { ManifestStores } from "../contract/store.ts";

const MAIN = join(import.meta.dirname, "../main.ts");

const STORES: ManifestStores = { records: { kind: "sqlite", path: "runs.db" } };

/** Starts a run of a job that fails, as a cron job does. */
function startFailing(directory: string, hook: string, stores?: ManifestStores) {
  const manifest = scratchManifest({
    jobs: [{ name: "trim", command: "exit 3", alerts: { on: ["fail"] } }],
    manifest: {
      ...(stores && { stores }),
      alerts: { channels: [{ name: "ops", kind: "webhook", urlEnv: "HOOK" }] },
    },
  });
  const file = join(directory, "manifest.json");
  writeFileSync(file, renderManifest(manifest));
  const env = { PATH: process.env["PATH"], OPSPEC_MANIFEST: file, HOOK: hook };
  const args = ["--no-warnings", MAIN, "run", "trim"];
  const child = spawn(process.execPath, args, { cwd: directory, env, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, exited: once(child, "exit") };
}

/** Resolves as soon as the run is recorded as failed. */
async function recorded(directory: string): Promise<void> {
  const path = join(directory, "runs.db");
  for (;;) {
    if (existsSync(path) && hasFailure(path)) return;
    await sleep(1);
  }
}

function hasFailure(path: string): boolean {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return (
      database.prepare("SELECT 1 FROM opspec_runs WHERE status = 'failed'").get() !== undefined
    );
  } catch {
    // The table is not there yet.
    return false;
  } finally {
    database.close();
  }
}

test.for([0, 3, 6, 10, 15, 20])(
  "an alert is sent although its process is killed %d ms after the record of the run",
  { timeout: 60_000 },
  async (delayMs) => {
    const directory = scratchDirectory();
    const server = await startHttpServer(() => ({ status: 204 }));
    const { child, exited } = startFailing(directory, server.url, STORES);
    await recorded(directory);
    await sleep(delayMs);
    child.kill("SIGKILL");
    await exited;

    // A message in flight is sent again after a minute, because its sender is gone.
    const clock = handClock(new Date(Date.now() + 61_000).toISOString());
    const channel = listChannel("ops");
    const { alerts } = scratchAlerts([channel], { directory, clock, manifest: { stores: STORES } });
    await alerts.close(10_000);

    const keys = channel.messages.flatMap(({ items }) => items.map(({ event }) => event.key));
    const sent = [...server.seen.map(({ body }) => JSON.parse(body).key), ...keys];
    expect(new Set(sent)).toEqual(new Set(["shop/trim/fail"]));
    expect(sent.length).toBeLessThanOrEqual(2);
  },
);

test("a process without a store delivers its alert before it exits, also when it must stop", async () => {
  const answers = [503, 503, 204];
  const server = await startHttpServer(() => ({ status: answers.shift() ?? 500 }));
  const { child, exited } = startFailing(scratchDirectory(), server.url);
  await expect.poll(() => server.seen.length, { timeout: 30_000 }).toBe(1);

  child.kill("SIGTERM");
  await exited;

  // The attempts pause for 1 s and 2 s, which is longer than a process with a store would wait.
  expect(server.seen).toHaveLength(3);
});
