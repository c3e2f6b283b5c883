import { expect, test } from "vitest";
import { jobContext } from "../../../testing/job-context.ts";
import { withRedis } from "../../../testing/redis.ts";
import { useRedis } from "../../../testing/servers.ts";
import { runJob } from "../../run/run-job.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { work as trimDeadLetters } from "./work.ts";

const redis = useRedis();

/** A run of the job on a Redis of its own. */
function given(url: string, options: Record<string, unknown> = {}, isDry = false) {
  return jobContext({ directory: "/", env: { REDIS_URL: url }, options, dryRun: isDry });
}

async function listOf(url: string, entries: readonly string[]): Promise<void> {
  await withRedis(url, (client) => client.rpush("jobs:dead", ...entries));
}

function left(url: string): Promise<string[]> {
  return withRedis(url, (client) => client.lrange("jobs:dead", 0, -1));
}

test("the newest at the tail stay, and the run tells what it found, kept and trimmed", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await listOf(url, ["oldest", "old", "new", "newest"]);

  const outcome = await trimDeadLetters(given(url, { keep: 2 }));

  expect(outcome).toEqual({
    status: "ok",
    details: { queue: "jobs:dead", length: 4, kept: 2, trimmed: 2 },
  });
  expect(await left(url)).toEqual(["new", "newest"]);
});

test("keep 0 empties the list", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await listOf(url, ["a", "b", "c"]);

  const { details } = await trimDeadLetters(given(url, { keep: 0 }));

  expect(details).toMatchObject({ length: 3, kept: 0, trimmed: 3 });
  expect(await left(url)).toEqual([]);
});

test("fewer than are kept, and no queue at all, are fine and trim nothing", async (context) => {
  const url = (await redis(context)).freshDatabase();
  const missing = await trimDeadLetters(given(url));
  await listOf(url, ["a", "b"]);

  const few = await trimDeadLetters(given(url));

  expect(missing.details).toMatchObject({ length: 0, kept: 0, trimmed: 0 });
  expect(few.details).toMatchObject({ length: 2, kept: 2, trimmed: 0 });
  expect(await left(url)).toEqual(["a", "b"]);
});

test("a dry run changes nothing and says what it would trim, whoever asks for it", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await listOf(url, ["a", "b", "c"]);

  const outcomes = [
    await trimDeadLetters(given(url, { keep: 1 }, true)),
    await trimDeadLetters(given(url, { keep: 1, dryRun: true })),
  ];

  const details = { dryRun: true, queue: "jobs:dead", length: 3, kept: 1, trimmed: 2 };
  expect(outcomes).toEqual([
    { status: "skipped", details },
    { status: "skipped", details },
  ]);
  expect(await left(url)).toEqual(["a", "b", "c"]);
});

test("a stream keeps its newest entries, and with keep 0 none", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    for (const n of ["1", "2", "3"]) await client.xadd("jobs:dead", "*", "n", n);
  });

  const some = await trimDeadLetters(given(url, { keep: 1 }));
  const entries = await withRedis(url, (client) => client.xrange("jobs:dead", "-", "+"));
  const none = await trimDeadLetters(given(url, { keep: 0 }));

  expect(some.details).toMatchObject({ length: 3, kept: 1, trimmed: 2 });
  expect(entries.map(([, fields]) => fields)).toEqual([["n", "3"]]);
  expect(none.details).toMatchObject({ length: 1, kept: 0, trimmed: 1 });
  expect(await withRedis(url, (client) => client.xlen("jobs:dead"))).toBe(0);
});

test("a key that holds something else fails, names both, and is left alone", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, (client) => client.set("jobs:dead", "text"));

  const run = trimDeadLetters(given(url, { keep: 0 }));

  await expect(run).rejects.toThrow("jobs:dead: the key holds a string, not a list or stream.");
  expect(await withRedis(url, (client) => client.get("jobs:dead"))).toBe("text");
});

test("a Redis that is away is a temporary failure and tells nothing of its URL", async () => {
  const error = await trimDeadLetters(given("redis://:hidden@127.0.0.1:1")).catch(
    (it: unknown) => it,
  );

  expect(error).toMatchObject({ exitCode: 75 });
  expect(String(error)).toContain("REDIS_URL: could not trim the queue: connection refused");
  expect(String(error)).not.toContain("hidden");
});

test("a database number that the Redis does not have fails, and the first database is left alone", async (context) => {
  const { url } = await redis(context);
  const first = new URL("/0", url).href;
  await withRedis(first, (client) => client.rpush("jobs:dead", "a"));

  const run = trimDeadLetters(given(new URL("/99999", url).href, { keep: 0 }));

  await expect(run).rejects.toThrow(
    "REDIS_URL: could not trim the queue: it has no database of that number.",
  );
  expect(await withRedis(first, (client) => client.llen("jobs:dead"))).toBe(1);
});

test.each(["-1", "many"])(
  "DEAD_LETTER_KEEP=%s is refused by its name and trims nothing",
  async (keep) => {
    const { process } = await scratchProcess({
      jobs: [
        {
          name: "trim",
          uses: "dead-letter-trim",
          options: { keep: { env: "DEAD_LETTER_KEEP", default: 100 } },
        },
      ],
      env: { DEAD_LETTER_KEEP: keep, REDIS_URL: "redis://127.0.0.1:1" },
    });

    const record = await runJob(process, { job: "trim", actor: "schedule" });

    expect(record).toMatchObject({ status: "failed", exitCode: 78 });
    expect(record.error).toMatch(/^DEAD_LETTER_KEEP: has an invalid value/);
  },
);
