import { recordTexts } from "../../testing/record-texts.ts";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "../../testing/server-process.ts";
import { scratchManifest, type ScratchOptions } from "../../testing/scratch-process.ts";

const MAIN = join(import.meta.dirname, "..", "main.ts");
const PATIENCE = { timeout: 30_000, interval: 20 };

/** Starts `opspec-runtime schedule` with these jobs in a directory of its own. */
function schedule(
  jobs: ScratchOptions["jobs"],
  { env = {}, ...manifest }: ScratchOptions["manifest"] & { env?: Record<string, string> } = {},
) {
  const directory = mkdtempSync(join(tmpdir(), "opspec-schedule-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "manifest.json");
  writeFileSync(path, JSON.stringify(scratchManifest({ jobs, manifest })));
  const child = spawn(process.execPath, [MAIN, "schedule"], {
    cwd: directory,
    env: { PATH: process.env["PATH"], OPSPEC_MANIFEST: path, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  const lines = (): Record<string, unknown>[] =>
    output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  return { child, directory, lines, ended: once(child, "close").then(([code]: unknown[]) => code) };
}

test("the scheduler runs jobs at their slots, and a SIGTERM ends it with 0 and records what it cut off", async () => {
  const hourly = { everySeconds: 3600, onStart: true, timezone: "UTC" };
  const secondly = { everySeconds: 1, timezone: "UTC" };
  const { child, directory, lines, ended } = schedule(
    [
      { name: "long", command: "touch started; sleep 300", schedule: hourly },
      { name: "short", command: "touch done", schedule: secondly },
    ],
    { stores: { records: { kind: "sqlite", path: "state.db" } } },
  );
  await vi.waitFor(() => {
    readFileSync(join(directory, "started"));
    readFileSync(join(directory, "done"));
  }, PATIENCE);

  child.kill("SIGTERM");

  expect(await ended).toBe(0);
  expect(lines().filter(({ msg }) => msg === "run")).toContainEqual(
    expect.objectContaining({ job: "long", status: "interrupted", actor: "start" }),
  );
  expect(recordTexts(join(directory, "state.db")).join()).toContain('"interrupted"');
});

test("wrong variables are told at once, and end it with 78 before anything runs", async () => {
  const daily = { pattern: "0 22 * * *", timezone: "UTC", onStart: true };
  const { lines, ended, directory } = schedule(
    [
      {
        name: "backup",
        command: "touch ran",
        schedule: { ...daily, from: { hour: "BACKUP_HOUR" } },
      },
      {
        name: "trim",
        uses: "dead-letter-trim",
        options: { queue: "jobs:dead", keep: { env: "DEAD_LETTER_KEEP" } },
        schedule: daily,
      },
    ],
    { env: { BACKUP_HOUR: "25", DEAD_LETTER_KEEP: "-1" } },
  );

  expect(await ended).toBe(78);
  expect(lines()).toMatchObject([
    {
      level: "fatal",
      problems: [{ where: "BACKUP_HOUR" }, { where: "DEAD_LETTER_KEEP" }],
    },
  ]);
  expect(() => readFileSync(join(directory, "ran"))).toThrow("ENOENT");
});

test("a standalone scheduler answers health and ops on a port of its own", async () => {
  const opsPort = await freePort();
  const { child, ended } = schedule(
    [{ name: "nightly", command: "true", schedule: { pattern: "0 3 * * *", timezone: "UTC" } }],
    { app: { graceSeconds: 10, opsPort }, env: { OPSPEC_OPS_TOKEN: "token-of-a-test" } },
  );
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${opsPort}${path}`, {
      headers: { authorization: "Bearer token-of-a-test" },
    });

  await vi.waitFor(async () => expect((await get("/readyz")).status).toBe(200), PATIENCE);
  const jobs = await (await get("/ops/jobs")).json();
  child.kill("SIGTERM");

  expect(jobs).toMatchObject({ jobs: [{ name: "nightly" }] });
  expect(await ended).toBe(0);
});
