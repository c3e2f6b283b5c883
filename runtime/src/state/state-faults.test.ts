import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { NO_LOG } from "../../testing/no-log.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { openState, type StateStore } from "./state-store.ts";

const NIGHTLY = { name: "shop/shop/nightly", holder: "me", ttlMs: 30_000 };

/** What a disk or a crash makes of a file. */
const DAMAGES: Readonly<Record<string, (whole: Buffer) => Buffer>> = {
  "another text": () => Buffer.from("no database ".repeat(10_000)),
  "zeros in its first page": (whole) => Buffer.concat([Buffer.alloc(4096), whole.subarray(4096)]),
  "a header and zeros": (whole) => Buffer.concat([whole.subarray(0, 100), Buffer.alloc(8092)]),
  "garbage after its first page": (whole) =>
    Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0x5a)]),
  "the half of a page": (whole) => whole.subarray(0, 6000),
};

test.for(Object.keys(DAMAGES))(
  "a state file with %s is renamed, and records and leases begin anew",
  async (damage) => {
    const directory = scratchDirectory();
    const path = join(directory, "state.db");
    const first = await stateAt(directory);
    for (let at = 0; at < 50; at += 1) await first.records.finish(recordOf(at));
    await first.leases?.acquire(NIGHTLY);
    await first.close();
    const damaged = DAMAGES[damage]?.(readFileSync(path)) ?? Buffer.alloc(0);
    writeFileSync(path, damaged);
    const errors: unknown[] = [];
    const log = { ...NO_LOG, error: (...line: unknown[]) => void errors.push(line.at(-1)) };

    const state = await stateAt(directory, { log });
    // The first statement may be the one that finds the damage.
    await state.records.list({ limit: 1 }).catch(() => []);
    const stored = await state.records.finish(recordOf(99));

    expect(stored).toBe(true);
    expect(await state.records.list({ limit: 9 })).toHaveLength(1);
    expect(await state.leases?.acquire(NIGHTLY)).toBeDefined();
    const renamed = readdirSync(directory).filter((it) => /^state\.db\.damaged-[\dTZ-]+$/.test(it));
    expect(renamed).toHaveLength(1);
    expect(readFileSync(join(directory, renamed[0] ?? "")).equals(damaged)).toBe(true);
    expect(errors.filter((it) => String(it).startsWith("the state file is damaged"))).toEqual([
      "the state file is damaged: it was renamed, and state begins anew",
    ]);
  },
);

test("processes that find a damaged file at the same time rename it once, and share the new one", async () => {
  const directory = scratchDirectory();
  writeFileSync(join(directory, "state.db"), "no database ".repeat(10_000));
  const program = `
    const { openState } = await import(${JSON.stringify(join(import.meta.dirname, "state-store.ts"))});
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const stores = { records: { kind: "sqlite", path: "state.db" } };
    const state = await openState({ system: "shop", stack: "shop", stores },
      { env: {}, directory: process.argv[1], log });
    const run = { ...JSON.parse(process.argv[2]), runId: String(process.pid) };
    await state.records.finish(run).catch(() => state.records.finish(run));
    await state.close();`;

  await Promise.all(
    Array.from({ length: 6 }, () =>
      ended(["--input-type=module", "-e", program, directory, JSON.stringify(recordOf(1))]),
    ),
  );

  const state = await stateAt(directory);
  expect(await state.records.list({ limit: 9 })).toHaveLength(6);
  expect(readdirSync(directory).filter((it) => it.includes(".damaged-"))).toHaveLength(1);
});

test("only the user of the process reads the state file and its journals, also those of an older version", async () => {
  const directory = scratchDirectory();
  const path = join(directory, "state.db");
  new DatabaseSync(path).close();
  chmodSync(path, 0o644);
  writeFileSync(`${path}-wal`, "", { mode: 0o644 });

  const state = await stateAt(directory);
  await state.records.finish(recordOf(1));
  const fresh = await stateAt(join(directory, "fresh"));
  await fresh.records.finish(recordOf(1));

  for (const file of [path, join(directory, "fresh", "state.db")]) {
    const modes = ["", "-wal", "-shm"].map((ending) => statSync(file + ending).mode & 0o777);
    expect(modes.map((it) => it.toString(8))).toEqual(["600", "600", "600"]);
  }
});

test.runIf(process.getuid?.() === 0)(
  "on a full disk the state opens, says what to do, and goes on when there is space again",
  async () => {
    const directory = smallDisk();
    const filler = join(directory, "filler");
    fill(filler);

    const state = await stateAt(directory);
    await expect(state.records.finish(recordOf(1))).rejects.toThrow(
      /state\.db: could not .*: disk full\. Free space on its disk\.$/,
    );
    rmSync(filler);

    expect(await state.records.finish(recordOf(2))).toBe(true);
    expect(await state.leases?.acquire(NIGHTLY)).toBeDefined();
  },
);

test.runIf(process.getuid?.() === 0)(
  "pruning goes on on a full disk, and the lease that is held is renewed and released",
  async () => {
    const directory = smallDisk();
    const state = await stateAt(directory);
    const held = await state.leases?.acquire({ ...NIGHTLY, ttlMs: 1_500 });
    for (let at = 0; at < 200; at += 1) await state.records.finish(recordOf(at));
    fill(join(directory, "filler"));

    const results = [];
    for (let at = 200; at < 300; at += 1) {
      results.push(await state.records.finish(recordOf(at)).catch(() => "full"));
    }
    await sleep(2_000);

    expect(results.every((it) => it === true)).toBe(true);
    expect(held?.lost.aborted).toBe(false);
    await held?.release();
  },
);

test.runIf(process.getuid?.() === 0)(
  "pruning to fewer records never fills a disk that is nearly full",
  async () => {
    const directory = smallDisk("4m");
    const many = await stateAt(directory, { keepRecords: 2_000 });
    for (let at = 0; at < 1_000; at += 1) await many.records.finish(recordOf(at));
    await many.close();
    const filler = join(directory, "filler");
    while (freeBytes(directory) > 640 * 1024) appendFileSync(filler, Buffer.alloc(64 * 1024));
    const state = await stateAt(directory);

    let leastBytes = Number.POSITIVE_INFINITY;
    for (let at = 1_000; at < 1_200; at += 1) {
      await state.records.finish(recordOf(at));
      leastBytes = Math.min(leastBytes, freeBytes(directory));
    }

    expect(await state.records.list({ limit: 2_000 })).toHaveLength(20);
    expect(leastBytes).toBeGreaterThan(128 * 1024);
  },
);

test.runIf(process.getuid?.() === 0)(
  "on a read-only disk the state opens, says what to do, and goes on when the disk can be written",
  async () => {
    const directory = smallDisk();
    execFileSync("mount", ["-o", "remount,ro", directory]);

    const state = await stateAt(directory);
    await expect(state.records.finish(recordOf(1))).rejects.toThrow(
      /could not .*: read-only\. Let this process write to the file and its directory\.$/,
    );
    execFileSync("mount", ["-o", "remount,rw", directory]);

    expect(await state.records.finish(recordOf(2))).toBe(true);
  },
);

function smallDisk(size = "1m"): string {
  const directory = scratchDirectory();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", directory]);
  onTestFinished(() => void execFileSync("umount", ["-l", directory]));
  return directory;
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

function fill(file: string): void {
  for (const bytes of [64 * 1024, 1024, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(bytes));
    } catch {
      // The rest of the disk is smaller.
    }
  }
}

async function ended(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
}

async function stateAt(
  directory: string,
  { log = NO_LOG, keepRecords = 20 } = {},
): Promise<StateStore> {
  mkdirSync(directory, { recursive: true });
  const store = { kind: "sqlite", path: "state.db" } as const;
  const stores = { records: store, coordination: store, keepRecords };
  const state = await openState(
    { system: "shop", stack: "shop", stores },
    { env: {}, directory, log },
  );
  onTestFinished(() => state.close());
  return state;
}

function recordOf(at: number): RunRecord {
  const time = new Date(Date.parse("2026-03-01T00:00:00Z") + at * 60_000).toISOString();
  return {
    job: "nightly",
    runId: `run-${at}`,
    scheduledFor: time,
    startedAt: time,
    actor: "schedule",
    host: "h",
    commit: null,
    fence: 1,
    status: "ok",
    durationMs: 1,
    attempt: 1,
    exitCode: 0,
    error: null,
    details: { note: "x".repeat(500) },
  };
}
