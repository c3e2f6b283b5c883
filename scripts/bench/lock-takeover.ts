import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  type LeaseProcess,
  type LeaseTask,
  startLeaseProcess,
} from "../../runtime/testing/lease-process.ts";
import { startPostgres } from "../../runtime/testing/postgres.ts";
import { installPrograms } from "../bootstrap/debian-packages.ts";
import { type Figure, median } from "./figure.ts";

/** Number of processes that contend, as in the migration of a large deployment. */
const CONTENDERS = 40;

/** Enough rounds that one slow wake-up of a shared machine does not decide the median. */
const KILLS = 15;

/** Longer than the bench, so that no takeover is caused by the lease's expiry. */
const TTL_MS = 10 * 60_000;

/** Start limit of forty processes: seconds on an idle machine, a minute on a busy one. */
const START_LIMIT_MS = 180_000;
const LOOK_MS = 50;

/** A contender connects and reads the lease within this time. */
const SETTLE_MS = 2_000;

const name = "runtime: lock takeover after SIGKILL (40 contenders)";

let measurement: Promise<Takeovers> | undefined;

/**
 * Time until another process acquires the lock of a killed one, and overlaps of two holders.
 */
export const lockTakeover: readonly Figure[] = [
  {
    name,
    unit: "ms",
    bar: 50,
    measure: async () => {
      const { tookMs } = await measured();
      const value = median(tookMs);
      const worst = Math.max(...tookMs).toFixed(1);
      return { value, detail: `p50 of ${KILLS} kills, max ${worst} ms, Postgres` };
    },
  },
  {
    name: `${name}: overlaps`,
    unit: "",
    bar: 0,
    measure: async () => ({
      value: (await measured()).overlaps,
      detail: `in ${KILLS} takeovers`,
    }),
  },
];

interface Takeovers {
  readonly tookMs: readonly number[];
  /** Times at which two processes held the lock. */
  readonly overlaps: number;
}

function measured(): Promise<Takeovers> {
  return (measurement ??= measure());
}

async function measure(): Promise<Takeovers> {
  await installPrograms((line) => process.stderr.write(`${line}\n`));
  const postgres = await startPostgres();
  const directory = mkdtempSync(join(tmpdir(), "opspec-takeover-"));
  const url = await postgres.freshDatabase();
  const processes = new Set<LeaseProcess>();
  try {
    const start = () => void processes.add(startLeaseProcess(taskFor(url, directory)));
    start();
    await theHolder(processes);
    for (let count = 0; count < CONTENDERS; count++) start();
    const tookMs: number[] = [];
    let overlaps = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await untilWaiting(processes);
      const { took, isOverlap } = await killHolder(processes);
      tookMs.push(took);
      overlaps += isOverlap ? 1 : 0;
      start();
    }
    return { tookMs, overlaps };
  } finally {
    await Promise.all([...processes].map((it) => it.kill()));
    await postgres.stop();
    rmSync(directory, { recursive: true });
  }
}

async function killHolder(
  processes: Set<LeaseProcess>,
): Promise<{ took: number; isOverlap: boolean }> {
  const holder = await theHolder(processes);
  const killedMs = performance.timeOrigin + performance.now();
  processes.delete(holder);
  await holder.kill();
  const next = await theHolder(processes);
  const { atMs } = await next.next("held");
  const holders = [...processes].filter((it) => it.has("held"));
  return { took: atMs - killedMs, isOverlap: atMs < killedMs || holders.length > 1 };
}

async function theHolder(processes: ReadonlySet<LeaseProcess>): Promise<LeaseProcess> {
  return await untilFound("a holder", async () => [...processes].find((it) => it.has("held")));
}

/** All other processes have started and found the lock held. */
async function untilWaiting(processes: ReadonlySet<LeaseProcess>): Promise<void> {
  await untilFound(`${CONTENDERS} contenders`, async () =>
    [...processes].every((it) => it.has("started")) ? true : undefined,
  );
  await sleep(SETTLE_MS);
}

async function untilFound<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const limit = performance.now() + START_LIMIT_MS;
  while (performance.now() < limit) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(LOOK_MS);
  }
  throw new Error(`there is not ${what} after ${START_LIMIT_MS} ms`);
}

function taskFor(url: string, directory: string): LeaseTask {
  const store = { kind: "postgres", urlEnv: "STORE_URL" } as const;
  const place = { stores: { coordination: store }, url, directory };
  return { kind: "hold", place, request: { name: "it", holder: "bench", ttlMs: TTL_MS } };
}
