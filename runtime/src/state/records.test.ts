import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test, type TestContext } from "vitest";

import type { ManifestStores } from "../contract/store.ts";
import type { RecordStore, RunRecord, RunStart } from "../contract/run-record.ts";
import { NO_LOG } from "../../testing/no-log.ts";
import { usePostgres } from "../../testing/servers.ts";
import { openState } from "./state-store.ts";

const KEEP = 5;
const MINUTE_MS = 60_000;
const START_MS = Date.parse("2026-03-01T00:00:00.000Z");

const postgres = usePostgres();
const directory = mkdtempSync(join(tmpdir(), "opspec-records-"));
afterAll(() => rmSync(directory, { recursive: true }));

type Place = { records?: ManifestStores["records"]; url?: string; stack?: string };

/** A fresh place for each kind of store; the same tests hold for all of them. */
const PLACES: Readonly<Record<string, (context: TestContext) => Promise<Place>>> = {
  memory: async () => ({}),
  sqlite: async () => ({ records: { kind: "sqlite", path: `${randomUUID()}/runs.db` } }),
  postgres: async (context) => ({
    records: { kind: "postgres", urlEnv: "STORE_URL" },
    url: await (await postgres(context)).freshDatabase(),
  }),
};

const KINDS = Object.keys(PLACES);
const SHARED = KINDS.filter((kind) => kind !== "memory");

test.for(KINDS)("%s: a run that ended is listed as it was stored", async (kind, context) => {
  const store = await openStore(kind, context);
  const record = endOf(startOf(1), { details: { sent: 3, "with ünicode": ["a"] }, exitCode: 0 });

  await store.begin(startOf(1));
  const accepted = await store.finish(record);

  expect(accepted).toBe(true);
  expect(await store.list({ limit: 10 })).toEqual([record]);
  expect(await store.unfinished()).toEqual([]);
});

test.for(KINDS)("%s: a run is stored whatever its program wrote", async (kind, context) => {
  const store = await openStore(kind, context);
  const error = "before\u0000after \ud83e";

  await store.begin(startOf(1, { actor: "manual \u0000" }));
  const accepted = await store.finish(endOf(startOf(1), { error, details: { "k\u0000": error } }));

  expect(accepted).toBe(true);
  expect((await store.list({ limit: 10 }))[0]?.error).toMatch(/^before.after /s);
});

test.for(KINDS)("%s: a run that began and never ended is known", async (kind, context) => {
  const store = await openStore(kind, context);

  await store.begin(startOf(1));
  await store.begin(startOf(2));
  await store.finish(endOf(startOf(2)));

  expect(await store.unfinished()).toEqual([startOf(1)]);
  expect(await store.list({ limit: 10 })).toEqual([endOf(startOf(2))]);
});

test.for(KINDS)(
  "%s: records come newest first, of a job, a status, a time, and not more than asked",
  async (kind, context) => {
    const store = await openStore(kind, context);
    const runs = [1, 2, 3, 4].map((at) =>
      endOf(startOf(at, at === 3 ? { job: "other" } : {}), at === 2 ? { status: "failed" } : {}),
    );
    for (const run of runs) await store.finish(run);
    const [first, second, third, fourth] = runs;

    expect(await store.list({ limit: 10 })).toEqual([fourth, third, second, first]);
    expect(await store.list({ limit: 1 })).toEqual([fourth]);
    expect(await store.list({ job: "nightly", limit: 2 })).toEqual([fourth, second]);
    expect(await store.list({ status: "failed", limit: 10 })).toEqual([second]);
    expect(await store.list({ since: second?.startedAt ?? "", limit: 10 })).toEqual([
      fourth,
      third,
    ]);
    expect(await store.list({ job: "no such job", limit: 10 })).toEqual([]);
  },
);

test.for(KINDS)("%s: only the newest records of each job are kept", async (kind, context) => {
  const store = await openStore(kind, context);
  await store.finish(endOf(startOf(0, { job: "rare" })));

  for (let at = 1; at <= KEEP * 4; at++) {
    await store.begin(startOf(at));
    await store.finish(endOf(startOf(at)));
  }

  const kept = await store.list({ job: "nightly", limit: 100 });
  const newest = Array.from({ length: KEEP }, (_, back) => endOf(startOf(KEEP * 4 - back)));
  expect(kept).toEqual(newest);
  expect(await store.list({ job: "rare", limit: 100 })).toHaveLength(1);
});

test.for(KINDS)(
  "%s: the end of a run whose lease was passed on is refused",
  async (kind, context) => {
    const store = await openStore(kind, context);
    const stopped = startOf(1, { fence: 7 });
    const successor = startOf(1, { fence: 8, runId: idOf(100), startedAt: isoTime(2) });

    await store.begin(stopped);
    await store.begin(successor);
    const late = await store.finish(endOf(stopped));
    const own = await store.finish(endOf(successor));

    expect([late, own]).toEqual([false, true]);
    expect(await store.list({ limit: 10 })).toEqual([endOf(successor)]);
  },
);

test.for(KINDS)(
  "%s: a run that was found lost stays lost when its late end comes",
  async (kind, context) => {
    const store = await openStore(kind, context);
    const run = startOf(1, { fence: 7 });

    await store.begin(run);
    const found = await store.finish({ ...endOf(run, { status: "lost" }), fence: 8 });
    const late = await store.finish(endOf(run));

    expect([found, late]).toEqual([true, false]);
    expect((await store.list({ limit: 10 })).map(({ status }) => status)).toEqual(["lost"]);
  },
);

test.for(KINDS)(
  "%s: a later lease of one slot does not refuse the end of another slot",
  async (kind, context) => {
    const store = await openStore(kind, context);

    await store.begin(startOf(1, { fence: 3 }));
    await store.begin(startOf(2, { fence: 9 }));

    expect(await store.finish(endOf(startOf(1, { fence: 3 })))).toBe(true);
  },
);

test.for(SHARED)("%s: records outlive the process that wrote them", async (kind, context) => {
  const place = await placeOf(kind, context);
  const first = await openAt(place);
  await first.begin(startOf(1));
  await first.finish(endOf(startOf(2)));

  const second = await openAt(place);

  expect(await second.list({ limit: 10 })).toEqual([endOf(startOf(2))]);
  expect(await second.unfinished()).toEqual([startOf(1)]);
});

test.for(SHARED)(
  "%s: many writers that open the store at once lose nothing",
  async (kind, context) => {
    const place = await placeOf(kind, context);
    const stores = await Promise.all(Array.from({ length: 6 }, () => openAt(place)));

    await Promise.all(
      stores.map(async (store, at) => {
        const run = startOf(at, { job: `job-${at}` });
        await store.begin(run);
        await store.finish(endOf(run));
      }),
    );

    const [store] = stores;
    expect(await store?.list({ limit: 100 })).toHaveLength(6);
    expect(await store?.unfinished()).toEqual([]);
  },
);

test.for(["postgres"])(
  "%s: a stack neither sees nor drops the records of another one with a job of equal name",
  async (kind, context) => {
    const place = await placeOf(kind, context);
    const own = await openAt(place);
    const other = await openAt({ ...place, stack: "shop-staging" });
    await other.begin(startOf(1, { fence: 9 }));
    await other.finish(endOf(startOf(2, { runId: idOf(100) })));

    await own.begin(startOf(1, { runId: idOf(101) }));
    for (let at = 2; at <= KEEP + 3; at++) await own.finish(endOf(startOf(at)));
    const end = await own.finish(endOf(startOf(1, { runId: idOf(101) })));

    expect(end).toBe(true);
    expect(await own.unfinished()).toEqual([]);
    expect(await own.list({ limit: 100 })).toHaveLength(KEEP);
    expect(await other.list({ limit: 100 })).toEqual([endOf(startOf(2, { runId: idOf(100) }))]);
    expect(await other.list({ job: "nightly", limit: 100 })).toHaveLength(1);
    expect(await other.unfinished()).toEqual([startOf(1, { fence: 9 })]);
  },
);

test.for(KINDS)("%s: the newest record of each job takes one query", async (kind, context) => {
  const store = await openStore(kind, context);
  const runs = [1, 2, 3, 4].map((at) =>
    endOf(startOf(at, at === 2 ? { job: "other" } : {}), at === 4 ? { status: "failed" } : {}),
  );
  for (const run of runs) await store.finish(run);
  await store.begin(startOf(5));
  const [, second, third, fourth] = runs;
  const jobs = ["nightly", "other", "never"];

  expect(await store.latest({ jobs })).toEqual(
    new Map([
      ["nightly", fourth],
      ["other", second],
    ]),
  );
  expect(await store.latest({ jobs, status: "ok" })).toEqual(
    new Map([
      ["nightly", third],
      ["other", second],
    ]),
  );
});

test.for(KINDS)("%s: a finished run is found by its id", async (kind, context) => {
  const store = await openStore(kind, context);
  await store.begin(startOf(1));
  await store.finish(endOf(startOf(2)));

  expect(await store.find(idOf(2))).toEqual(endOf(startOf(2)));
  expect(await store.find(idOf(1))).toBeUndefined();
});

test("a store that is away is an error by the variable's name, without its URL", async () => {
  const store = await openAt({
    records: { kind: "postgres", urlEnv: "STORE_URL" },
    url: "postgresql+asyncpg://someone:hidden@127.0.0.1:1/hidden",
  });

  const failure = await store.begin(startOf(1)).catch((error: unknown) => error);

  expect(String(failure)).toMatch(
    /^StoreError: STORE_URL: could not .*: connection refused\. See whether it is up/,
  );
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toMatch(/hidden/);
  expect(failure).not.toHaveProperty("cause");
});

async function openStore(kind: string, context: TestContext): Promise<RecordStore> {
  return await openAt(await placeOf(kind, context));
}

async function placeOf(kind: string, context: TestContext): Promise<Place> {
  return (await PLACES[kind]?.(context)) ?? {};
}

async function openAt({ records, url, stack = "shop" }: Place): Promise<RecordStore> {
  const stores = { ...(records && { records }), keepRecords: KEEP };
  const manifest = { system: "shop", stack, stores };
  const state = await openState(manifest, { env: { STORE_URL: url }, directory, log: NO_LOG });
  onTestFinished(() => state.close());
  return state.records;
}

function startOf(minute: number, changes: Partial<RunStart> = {}): RunStart {
  return {
    job: "nightly",
    runId: idOf(minute),
    scheduledFor: isoTime(minute),
    startedAt: isoTime(minute),
    actor: "schedule",
    host: "here",
    commit: null,
    fence: 1,
    ...changes,
  };
}

function endOf(run: RunStart, changes: Partial<RunRecord> = {}): RunRecord {
  const end = { durationMs: 12, attempt: 1, exitCode: null, error: null, details: {} };
  return { ...run, ...end, status: "ok", ...changes };
}

function idOf(minute: number): string {
  return `00000000-0000-4000-8000-${String(minute).padStart(12, "0")}`;
}

function isoTime(minute: number): string {
  return new Date(START_MS + minute * MINUTE_MS).toISOString();
}
