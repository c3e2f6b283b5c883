import { expect, test } from "vitest";
import {
  endOf,
  idOf,
  isoTime,
  KEEP,
  KINDS,
  openAt,
  openStore,
  placeOf,
  SHARED,
  startOf,
} from "../../testing/record-stores.ts";

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
