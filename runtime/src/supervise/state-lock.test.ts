import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { startSupervised } from "../../testing/supervised.ts";

/** Longest that a process may hold the write lock without any effect on health, in ms. */
const HOLD_MS = 10_000;

/** An answer is due in milliseconds; a busy machine takes longer, but never the time of the lock. */
const ANSWER_MS_MAX = 3_000;

test("a process that holds the write lock of the state file for 10 s does not delay /healthz", async () => {
  const directory = scratchDirectory();
  const store = { kind: "sqlite", path: "state.db" } as const;
  const job = { name: "tick", uses: "command", startedBy: "schedule", command: "true" } as const;
  const runtime = await startSupervised({
    directory,
    manifest: {
      stores: { records: store, coordination: store },
      jobs: [{ ...job, schedule: { everySeconds: 1, timezone: "UTC" } }],
    },
  });
  await runtime.line("the app is up");
  await holdWriteLock(join(directory, "state.db"));

  let longestMs = 0;
  const endMs = performance.now() + HOLD_MS;
  while (performance.now() < endMs) {
    const startMs = performance.now();
    expect((await runtime.get("/healthz")).status).toBe(200);
    longestMs = Math.max(longestMs, performance.now() - startMs);
  }

  expect(longestMs).toBeLessThan(ANSWER_MS_MAX);
});

async function holdWriteLock(path: string): Promise<void> {
  const program = `
    const { DatabaseSync } = require("node:sqlite");
    new DatabaseSync(process.argv[1], { timeout: 5000 }).exec("BEGIN IMMEDIATE");
    console.log("held");
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["-e", program, path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
}
