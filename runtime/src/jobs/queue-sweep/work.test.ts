import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { jobContext } from "../../../testing/job-context.ts";
import { withRedis } from "../../../testing/redis.ts";
import { useRedis } from "../../../testing/servers.ts";
import { work as sweepQueue } from "./work.ts";

const redis = useRedis();

/** What waits, is worked on, and is claimed. */
async function state(url: string) {
  return withRedis(url, async (client) => ({
    waiting: await client.lrange("jobs", 0, -1),
    working: await client.lrange("jobs:processing", 0, -1),
    claims: await client.hlen("jobs:claims"),
    due: await client.zcard("jobs:visibility"),
  }));
}

/** As a worker takes an entry: it is in the processing list, noted, and due in so many seconds. */
async function take(client: Redis, entry: string, dueSeconds: number): Promise<void> {
  await client.lpush("jobs:processing", entry);
  await client.hset("jobs:claims", `id-${entry}`, entry);
  await client.zadd("jobs:visibility", `${Date.now() / 1000 + dueSeconds}`, `id-${entry}`);
}

function given(url: string, options: Record<string, unknown> = {}, isDry = false) {
  return jobContext({ directory: "/", env: { REDIS_URL: url }, options, dryRun: isDry });
}

test("an entry whose time ran out goes back to the tail of the queue, and no other", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    await client.rpush("jobs", "waiting");
    await take(client, "late", -1);
    await take(client, "in-time", 300);
  });

  const { status, details } = await sweepQueue(given(url));

  expect([status, details]).toEqual([
    "ok",
    { queue: "jobs", requeued: 1, finished: 0, unclaimed: 0 },
  ]);
  expect(await state(url)).toEqual({
    waiting: ["waiting", "late"],
    working: ["in-time"],
    claims: 1,
    due: 1,
  });
});

test("an overdue claim of an entry that was finished is dropped and nothing is put back", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    await take(client, "done", -1);
    await client.lrem("jobs:processing", 1, "done");
  });

  const { details } = await sweepQueue(given(url));

  expect(details).toMatchObject({ requeued: 0, finished: 1 });
  expect(await state(url)).toEqual({ waiting: [], working: [], claims: 0, due: 0 });
});

test("an entry that nobody claimed gets its time first, and goes back when that ran out", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, (client) => client.lpush("jobs:processing", "lost", "lost"));

  const first = await sweepQueue(given(url));
  const second = await sweepQueue(given(url));
  await withRedis(url, async (client) => {
    for (const id of await client.zrange("jobs:visibility", "0", "-1")) {
      await client.zadd("jobs:visibility", "1", id);
    }
  });
  const third = await sweepQueue(given(url));

  expect([first, second, third].map(({ details }) => details)).toMatchObject([
    { requeued: 0, unclaimed: 2 },
    { requeued: 0, unclaimed: 0 },
    { requeued: 2, unclaimed: 0 },
  ]);
  expect(await state(url)).toEqual({ waiting: ["lost", "lost"], working: [], claims: 0, due: 0 });
});

test("a dry run tells the same and changes nothing", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    await take(client, "late", -1);
    await client.lpush("jobs:processing", "lost");
  });
  const before = await state(url);

  const { status, details } = await sweepQueue(given(url, {}, true));

  expect([status, details]).toMatchObject(["skipped", { requeued: 1, unclaimed: 1 }]);
  expect(await state(url)).toEqual(before);
});

test("the keys are the ones that the options name, and another type is refused by name", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    await client.set("busy", "text");
    await client.lpush("tasks:processing", "x");
    await client.zadd("until", "1", "x");
  });

  const options = { queue: "tasks", visibility: "until" };
  const { details } = await sweepQueue(given(url, options));
  const refused = sweepQueue(given(url, { processing: "busy" }));

  expect(details).toMatchObject({ queue: "tasks", requeued: 1 });
  await expect(refused).rejects.toThrow("busy: the key holds a string, not a list.");
});

test("of more overdue entries than one run gives back, the rest keep their claims and go back next time", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    const all = Array.from({ length: 1500 }, (_, n) => n);
    const pipeline = client.pipeline();
    for (const n of all) {
      pipeline.lpush("jobs:processing", `late-${n}`);
      pipeline.hset("jobs:claims", `id-${n}`, `late-${n}`);
      pipeline.zadd("jobs:visibility", n, `id-${n}`);
    }
    await pipeline.exec();
  });

  const runs = [await sweepQueue(given(url)), await sweepQueue(given(url))];

  expect(runs.map(({ details }) => details)).toMatchObject([
    { requeued: 1000, finished: 0, unclaimed: 0 },
    { requeued: 500, finished: 0, unclaimed: 0 },
  ]);
  const { waiting, ...rest } = await state(url);
  expect(new Set(waiting).size).toBe(1500);
  expect(rest).toEqual({ working: [], claims: 0, due: 0 });
});

test("of very many entries that nobody claimed, a run notes some and the next ones the rest", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    const lost = Array.from({ length: 1200 }, (_, n) => `lost-${n}`);
    await client.lpush("jobs:processing", ...lost);
  });

  const runs = [await sweepQueue(given(url)), await sweepQueue(given(url))];

  expect(runs.map(({ details }) => details["unclaimed"])).toEqual([1000, 200]);
  expect(await state(url)).toMatchObject({ claims: 1200, due: 1200 });
});

test("one key for two things is refused before anything is written", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, (client) => client.lpush("jobs:processing", "lost"));

  const refused = sweepQueue(given(url, { claims: "jobs:visibility" }));

  await expect(refused).rejects.toThrow('jobs/job/options: use the key "jobs:visibility" twice.');
  expect(await state(url)).toMatchObject({ working: ["lost"], due: 0 });
});
