import { expect, test } from "vitest";
import { withRedis } from "../../testing/redis.ts";
import { scratchManifest } from "../../testing/scratch-process.ts";
import { useRedis } from "../../testing/servers.ts";
import { viewQueues } from "./queues.ts";

const redis = useRedis();

const urlEnv = "REDIS_URL";

test("queues of checks, rules and jobs are told once each, with their kind and length", async (context) => {
  const url = (await redis(context)).freshDatabase();
  await withRedis(url, async (client) => {
    await client.rpush("jobs", "a", "b");
    await client.xadd("jobs:buried", "*", "a", "b");
    await client.set("letters", "text");
  });
  const manifest = scratchManifest({
    jobs: [
      {
        name: "trim",
        uses: "dead-letter-trim",
        options: { queue: { env: "JOB_DEAD_LETTER_QUEUE", default: "jobs:dead" } },
      },
      { name: "requeue", uses: "dead-letter-requeue", options: { queue: "empty" } },
    ],
    manifest: {
      health: {
        checks: [{ name: "jobs", kind: "info", probe: { kind: "queue", urlEnv, key: "jobs" } }],
      },
      alerts: {
        channels: [],
        rules: [
          { name: "backlog", of: { kind: "queue", urlEnv, key: "jobs" }, above: 50 },
          { name: "letters", of: { kind: "queue", urlEnv, key: "letters" }, above: 0 },
        ],
      },
    },
  });

  const env = { REDIS_URL: url, JOB_DEAD_LETTER_QUEUE: "jobs:buried" };

  expect(await viewQueues({ manifest, env })).toEqual([
    { name: "jobs", kind: "list", length: 2 },
    { name: "letters", error: "the key is a string, not a list, stream or sorted set" },
    { name: "jobs:buried", kind: "stream", length: 1 },
    { name: "empty", kind: "none", length: 0 },
  ]);
});

test("a Redis that is away is an error of each of its queues, and never an empty queue", async () => {
  const manifest = scratchManifest({ jobs: [{ name: "sweep", uses: "queue-sweep", options: {} }] });

  const away = await viewQueues({ manifest, env: { REDIS_URL: "redis://:hidden@127.0.0.1:1" } });
  const unset = await viewQueues({ manifest, env: {} });

  expect(away).toEqual([{ name: "jobs", error: "connection refused" }]);
  expect(unset).toEqual([{ name: "jobs", error: "REDIS_URL is not set" }]);
});
