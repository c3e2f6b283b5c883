import { expect, onTestFinished, test, vi } from "vitest";
import { probeOnce, watch } from "../../../testing/probe-watch.ts";
import { withRedis } from "../../../testing/redis.ts";
import { useRedis } from "../../../testing/servers.ts";
import { startTcpProxy } from "../../../testing/tcp-proxy.ts";

const redis = useRedis();

test("a refused password of Redis is told without the password", async (context) => {
  const url = new URL((await redis(context)).url);
  url.password = "wrong-hunter2";

  const result = await probeOnce(
    { kind: "redis", urlEnv: "REDIS_URL" },
    { env: { REDIS_URL: url.href } },
  );

  expect(result.error).toBe("password refused");
});

test("a variable that is not set is named", async () => {
  const result = await probeOnce({ kind: "redis", urlEnv: "REDIS_URL" });

  expect(result).toMatchObject({ isConfigured: false, error: "REDIS_URL is not set" });
});

test("a Redis without a database of that number fails, and its first database is not used", async (context) => {
  const url = new URL((await redis(context)).url);
  url.pathname = "/9999";
  const env = { REDIS_URL: url.href };

  const ping = await probeOnce({ kind: "redis", urlEnv: "REDIS_URL" }, { env });
  const queue = await probeOnce({ kind: "queue", urlEnv: "REDIS_URL", key: "jobs" }, { env });

  expect(ping).toMatchObject({ state: "failed", error: "it has no database of that number" });
  expect(queue).toMatchObject({ state: "failed", value: undefined, error: ping.error });
});

test("a Redis that went away and came back is ok again", async (context) => {
  const server = await redis(context);
  const proxy = await startTcpProxy(Number(new URL(server.url).port));
  onTestFinished(() => proxy.close());
  const url = new URL(server.url);
  url.port = String(proxy.port);
  const loop = watch({ kind: "redis", urlEnv: "REDIS_URL" }, { env: { REDIS_URL: url.href } });
  await vi.waitFor(() => expect(loop.result().state).toBe("ok"), { timeout: 10_000 });

  proxy.cut();
  await vi.waitFor(() => expect(loop.result().state).toBe("failed"), { timeout: 10_000 });
  proxy.restore();

  await vi.waitFor(() => expect(loop.result().state).toBe("ok"), { timeout: 10_000 });
});

test("the depth of a list, a stream and a sorted set is measured, and no key is an empty queue", async (context) => {
  const { url, flush } = await redis(context);
  await flush();
  await withRedis(url, async (client) => {
    await client.rpush("list", "a", "b");
    await client.xadd("stream", "*", "k", "v");
    await client.zadd("zset", 1, "a", 2, "b", 3, "c");
  });
  const depth = async (key: string): Promise<number | undefined> =>
    (await probeOnce({ kind: "queue", urlEnv: "REDIS_URL", key }, { env: { REDIS_URL: url } }))
      .value;

  const depths = [
    await depth("list"),
    await depth("stream"),
    await depth("zset"),
    await depth("-"),
  ];

  expect(depths).toEqual([2, 1, 3, 0]);
});

test("a key of another type is an error, not a depth of 0", async (context) => {
  const { url } = await redis(context);
  await withRedis(url, (client) => client.hset("hash", "a", "1"));

  const result = await probeOnce(
    { kind: "queue", urlEnv: "REDIS_URL", key: "hash" },
    { env: { REDIS_URL: url } },
  );

  expect(result).toMatchObject({
    state: "failed",
    value: undefined,
    error: "the key is a hash, not a list, stream or sorted set",
  });
});

test("a queue that is too deep fails and still tells its depth", async (context) => {
  const { url } = await redis(context);
  await withRedis(url, (client) => client.rpush("deep", "a", "b", "c"));

  const result = await probeOnce(
    { kind: "queue", urlEnv: "REDIS_URL", key: "deep", max: 2 },
    { env: { REDIS_URL: url } },
  );

  expect(result).toMatchObject({ state: "failed", value: 3, error: "3 entries, more than 2" });
});
