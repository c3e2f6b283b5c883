import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { NO_LOG } from "../../testing/no-log.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import type { ManifestStores } from "../contract/store.ts";
import { openDocument } from "./documents.ts";
import { openState, type StateStore } from "./state-store.ts";

/** Recorded with the code of commit c7f0fe5. */
const FIXTURES = join(import.meta.dirname, "fixtures");
const NIGHTLY = { name: "shop/shop/nightly", holder: "new", ttlMs: 30_000 };

test("a disk of an older version keeps its runs, documents and finished slots, and its files stay under other names", async () => {
  const directory = oldDisk("disk");
  const before = readFileSync(join(directory, "runs.jsonl"), "utf8");

  const state = await stateAt(directory, "state.db");

  await expectOldState(state);
  expect(await state.leases?.claimSlot(NIGHTLY, minute(1))).toBeUndefined();
  expect(await state.leases?.claimSlot(NIGHTLY, minute(4))).toBeDefined();
  expect(await state.leases?.acquire(NIGHTLY)).toBeDefined();
  const names = readdirSync(directory).toSorted();
  expect(names.filter((it) => !it.startsWith("state.db"))).toEqual([
    expect.stringMatching(/^locks\.imported-\d{4}-/),
    expect.stringMatching(/^opspec-documents\.db\.imported-/),
    expect.stringMatching(/^runs\.jsonl\.imported-/),
  ]);
  const kept = names.find((it) => it.startsWith("runs.jsonl")) ?? "";
  expect(readFileSync(join(directory, kept), "utf8")).toBe(before);
});

test("old files with names of their own are found beside a state file of that name", async () => {
  const directory = oldDisk("disk");
  renameSync(join(directory, "runs.jsonl"), join(directory, "shop_runs.jsonl"));
  renameSync(join(directory, "locks"), join(directory, "shop_locks"));

  const state = await stateAt(directory, "shop_runs.db", { leases: "shop_locks.db" });

  expect((await state.records.list({ limit: 9 })).length).toBe(4);
  expect(await state.leases?.claimSlot(NIGHTLY, minute(1))).toBeUndefined();
});

test("a SQLite file of an older version is used as it is, and an older version can still use it", async () => {
  const directory = oldDisk("sqlite");

  const state = await stateAt(directory, "runs.db");

  await expectOldState(state);
  const [run] = await state.records.list({ limit: 1 });
  await state.database.query(
    "write as an older version does",
    "INSERT INTO opspec_runs (run_id, job, scheduled_for, started_at, fence, record) VALUES ($1, $2, $3, $3, 1, $4)",
    ["old", "nightly", "2026-03-02T00:00:00.000Z", JSON.stringify({ ...run, runId: "old" })],
  );
  expect((await state.records.unfinished()).map(({ runId }) => runId)).toContain("old");
});

test("lines that are corrupt or cut off stop nothing, and their number is logged once", async () => {
  const directory = oldDisk("disk");
  const warnings: unknown[][] = [];
  const log = { ...NO_LOG, warn: (...line: unknown[]) => void warnings.push(line) };
  appendFileSync(join(directory, "runs.jsonl"), 'not json\n\n{"event":"end","job":"x"}\n{"cut off');
  appendFileSync(join(directory, "locks", "ledger.1"), '{"do":"take","na');

  await expectOldState(await stateAt(directory, "state.db", { log }));
  await stateAt(directory, "state.db", { log });

  expect(warnings).toEqual([
    [
      expect.objectContaining({ file: join(directory, "runs.jsonl"), corruptLines: 3 }),
      "corrupt lines of an old state file were not imported",
    ],
  ]);
});

test("a state file without an extension starts again and again", async () => {
  const directory = scratchDirectory();
  for (let start = 0; start < 2; start += 1) {
    const state = await stateAt(directory, "state");
    expect(await state.records.list({ limit: 9 })).toEqual([]);
    await state.close();
  }
});

test("a damaged old file keeps no other one from being imported, and stays as it is", async () => {
  const directory = oldDisk("disk");
  const damaged = join(directory, "opspec-documents.db");
  writeFileSync(damaged, "no database ".repeat(1_000));
  const errors: unknown[] = [];
  const log = { ...NO_LOG, error: (fields: object) => void errors.push(fields) };

  const state = await stateAt(directory, "state.db", { log });

  expect(await state.records.list({ limit: 9 })).toHaveLength(4);
  expect(await state.leases?.claimSlot(NIGHTLY, minute(1))).toBeUndefined();
  expect(errors).toMatchObject([{ file: damaged }]);
  expect(readFileSync(damaged, "utf8")).toBe("no database ".repeat(1_000));
});

test("an older version that ran in between is imported again", async () => {
  const directory = oldDisk("disk");
  await (await stateAt(directory, "state.db")).close();
  const later = JSON.parse(
    readFileSync(join(FIXTURES, "disk/runs.jsonl"), "utf8").split("\n")[1] ?? "",
  );
  appendFileSync(
    join(directory, "runs.jsonl"),
    `${JSON.stringify({ ...later, runId: "between", scheduledFor: "2026-03-02T00:00:00.000Z" })}\n`,
  );

  const state = await stateAt(directory, "state.db");

  expect(await state.records.find("between")).toBeDefined();
  const sets = readdirSync(directory).filter((it) => it.startsWith("runs.jsonl.imported"));
  expect(sets).toHaveLength(2);
});

test("processes that start together import the files once", async () => {
  const directory = oldDisk("disk");

  const answers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const [data] = await once(startProcess(directory).stdout, "data");
      return JSON.parse(String(data)) as { runs: number; lines: string[] };
    }),
  );

  expect(answers.map(({ runs }) => runs)).toEqual([4, 4, 4, 4]);
  expect(answers.flatMap(({ lines }) => lines)).toEqual(
    Array.from({ length: 3 }, () => "imported a state file of an older version"),
  );
});

test("an import that is killed at any moment is completed by the next processes, which start together", async () => {
  const killed = new Set<boolean>();
  for (let delayMs = 0; delayMs < 1_200; delayMs += 200) {
    const directory = oldDisk("disk");
    const lines = readFileSync(join(directory, "runs.jsonl"), "utf8").trim().split("\n");
    const end = JSON.parse(lines[1] ?? "") as object;
    const more = Array.from({ length: 5_000 }, (_, at) =>
      JSON.stringify({ ...end, runId: `r${at}` }),
    );
    appendFileSync(join(directory, "runs.jsonl"), `${more.join("\n")}\n`);
    const first = startProcess(directory);
    await once(first.stderr, "data");

    await sleep(delayMs);
    killed.add(first.kill("SIGKILL"));
    const next = [startProcess(directory), startProcess(directory)];
    await Promise.all(next.map((it) => once(it, "exit")));

    const state = await stateAt(directory, "state.db");
    const [count] = await state.database.query("count", "SELECT count(*) AS n FROM opspec_runs");
    expect(count).toEqual({ n: 5_005 });
    expect(await state.leases?.claimSlot(NIGHTLY, minute(1))).toBeUndefined();
    expect(
      readdirSync(directory)
        .filter((it) => it.includes(".imported-"))
        .toSorted(),
    ).toEqual([
      expect.stringMatching(/^locks\.imported-/),
      expect.stringMatching(/^opspec-documents\.db\.imported-/),
      expect.stringMatching(/^runs\.jsonl\.imported-/),
    ]);
    expect(existsSync(join(directory, "runs.jsonl"))).toBe(false);
  }
  expect(killed).toContain(true);
}, 180_000);

/** A process that opens the state, tells its runs and what it logged, and ends. */
function startProcess(directory: string) {
  const program = `
    const { openState } = await import(${JSON.stringify(join(import.meta.dirname, "state-store.ts"))});
    const lines = [];
    const log = { info: (_, text) => lines.push(text), warn: () => {}, error: (it) => lines.push(String(it.err)) };
    const stores = { records: { kind: "sqlite", path: "state.db" } };
    console.error("starting");
    const state = await openState({ system: "shop", stack: "shop", stores },
      { env: {}, directory: process.argv[1], log });
    const runs = await state.records.list({ limit: 9 });
    await state.close();
    console.log(JSON.stringify({ runs: runs.length, lines }));`;
  const args = ["--no-warnings", "--input-type=module", "-e", program, directory];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function expectOldState({ records, jobMemory, database }: StateStore): Promise<void> {
  const runs = await records.list({ limit: 9 });
  expect(runs.map(({ job, status }) => `${job} ${status}`).toSorted()).toEqual([
    "hourly ok",
    "nightly failed",
    "nightly ok",
    "nightly ok",
  ]);
  expect(runs.find(({ status }) => status === "failed")).toMatchObject({
    error: "no rows",
    exitCode: 1,
    details: { sent: 3 },
  });
  expect((await records.unfinished()).map(({ fence }) => fence)).toEqual([9]);
  expect(await jobMemory?.read("alerts-flush")).toEqual({ accepted: { email: "abc" } });
  const alerts = openDocument(database, { stack: "shop/shop", name: "alerts" });
  expect(await alerts.read()).toBe('{"note":"second"}');
}

function oldDisk(name: string): string {
  const directory = scratchDirectory();
  cpSync(join(FIXTURES, name), directory, { recursive: true });
  return directory;
}

async function stateAt(
  directory: string,
  path: string,
  { leases = path, log = NO_LOG }: { leases?: string; log?: typeof NO_LOG } = {},
): Promise<StateStore> {
  const stores: ManifestStores = {
    records: { kind: "sqlite", path },
    coordination: { kind: "sqlite", path: leases },
  };
  const manifest = { system: "shop", stack: "shop", stores };
  const state = await openState(manifest, { env: {}, directory, log });
  onTestFinished(() => state.close());
  return state;
}

function minute(at: number): Date {
  return new Date(Date.parse("2026-03-01T00:00:00.000Z") + at * 60_000);
}
