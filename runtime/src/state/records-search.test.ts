import { expect, test } from "vitest";
import { endOf, isoTime, KINDS, openStore, startOf } from "../../testing/record-stores.ts";

test.for(KINDS)(
  "%s: records are searched by text and end time, without regard to case",
  async (kind, context) => {
    const store = await openStore(kind, context);
    const [first, second, third, fourth] = [
      endOf(startOf(1, { actor: "manual Ada" })),
      endOf(startOf(2), { status: "failed", error: "Disk FULL: 100% of /data_1" }),
      endOf(startOf(3, { host: "srv-ada" }), { details: { table: "Sales" } }),
      endOf(startOf(4, { job: "other" })),
    ];
    for (const run of [first, second, third, fourth]) await store.finish(run);

    expect(await store.list({ text: "ADA", limit: 10 })).toEqual([third, first]);
    expect(await store.list({ text: "ada", limit: 1 })).toEqual([third]);
    expect(await store.list({ text: "100% of /data_", limit: 10 })).toEqual([second]);
    expect(await store.list({ text: "100%/data", limit: 10 })).toEqual([]);
    expect(await store.list({ text: "sales", limit: 10 })).toEqual([third]);
    expect(await store.list({ text: "scheduledFor", limit: 10 })).toEqual([]);
    expect(await store.list({ text: "other", job: "nightly", limit: 10 })).toEqual([]);
    expect(await store.list({ until: isoTime(2), limit: 10 })).toEqual([second, first]);
    expect(await store.list({ text: "ada", until: isoTime(2), limit: 10 })).toEqual([first]);
  },
);

test.for(KINDS)("%s: the newest run that took its slot is found", async (kind, context) => {
  const store = await openStore(kind, context);
  const skipped = [{ reason: "off" }, { lateSeconds: 9 }, { nextSlot: null }].map((details, at) =>
    endOf(startOf(at + 2), { status: "skipped", details }),
  );
  for (const run of [endOf(startOf(1)), ...skipped]) await store.finish(run);

  const newest = await store.latest({ jobs: ["nightly", "never"], tookSlot: true });
  expect([...newest.values()]).toEqual([skipped[0]]);
});

test.for(KINDS)("%s: the run of a slot is found, finished or not", async (kind, context) => {
  const store = await openStore(kind, context);
  const of = (minute: number, job = "nightly") => store.ofSlot(job, new Date(isoTime(minute)));
  await store.begin(startOf(1));
  await store.finish(endOf(startOf(2)));
  await store.finish(endOf(startOf(3), { status: "skipped" }));

  expect([await of(1), await of(2)]).toEqual([startOf(1), endOf(startOf(2))]);
  expect([await of(3), await of(4), await of(1, "other")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
