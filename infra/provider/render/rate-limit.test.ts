import { expect, test } from "vitest";
import { nowMs } from "../../local-cloud/clock.ts";
import { OWNER } from "../../testing/render-prerequisites.ts";
import { timelessCloud } from "../../testing/timeless-cloud.ts";
import { RenderClient } from "./client.ts";
import type { Clock } from "./waiting.ts";
import { RateBudgets } from "./rate-limit.ts";

const PACE = {
  requestTimeoutMs: 1000,
  backoffMs: 0,
  pollMs: 0,
  deployMs: 60_000,
  settleMs: 60_000,
};

const HOUR_MS = 60 * 60_000;

const forever = new AbortController().signal;

interface Scene {
  readonly client: RenderClient;
  /** A client in another process that uses the same account. */
  readonly other: RenderClient;
  readonly said: string[];
  /** The statuses of all answers to both clients. */
  readonly statuses: number[];
  readonly now: () => number;
}

/** A cloud that limits as Render does. A wait takes no time: it moves the cloud's clock. */
function sceneOf(): Scene {
  const { cloud, send } = timelessCloud();
  cloud.state.settings.rateLimits = "on";
  const said: string[] = [];
  const statuses: number[] = [];
  const now = (): number => nowMs(cloud.state);
  const clock: Clock = {
    now,
    waitUntil: async (atMs, signal) => {
      signal.throwIfAborted();
      cloud.state.clockOffsetMs += Math.max(0, atMs - now());
    },
  };
  const newClient = (): RenderClient =>
    new RenderClient({
      host: "http://127.0.0.1/v1",
      apiKey: () => "key",
      pace: PACE,
      budgets: new RateBudgets({ clock, say: (line) => void said.push(line) }),
      fetch: async (url, init) => {
        const response = await send(url, init);
        statuses.push(response.status);
        return response;
      },
    });
  return { client: newClient(), other: newClient(), said, statuses, now };
}

function create(client: RenderClient, name: string, signal = forever) {
  return client.request({
    method: "POST",
    path: "/services",
    body: {
      type: "background_worker",
      name,
      ownerId: OWNER,
      repo: "https://github.com/example/shop",
      serviceDetails: { runtime: "docker", plan: "starter" },
    },
    doing: `create service "${name}"`,
    signal,
  });
}

function createMany(client: RenderClient, count: number, prefix: string) {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  return Promise.all(names.map((name) => create(client, name)));
}

test("more creates than their budget, all at once, provoke no 429: they wait, and say so once a window", async () => {
  const { client, said, statuses, now } = sceneOf();
  const began = now();

  await createMany(client, 50, "a");

  expect(statuses).toEqual(Array.from({ length: 50 }, () => 201));
  const line =
    "waiting 60 min for Render's rate limit of 20 calls in 60 min that create a service or a datastore";
  expect(said).toEqual([line, line]);
  expect(now() - began).toBeGreaterThanOrEqual(2 * HOUR_MS);
});

test("changes and deploys of services share a budget of a minute, and reads go on beside them", async () => {
  const { client, said, statuses } = sceneOf();
  const { body } = await create(client, "a");
  const { id } = (body as { service: { id: string } }).service;
  const path = `/services/${id}`;

  for (let turn = 0; turn < 12; turn++) {
    const request = { doing: "deploy it", signal: forever };
    await client.request({ ...request, method: "PATCH", path, body: { name: `a-${turn}` } });
    await client.request({ ...request, method: "POST", path: `${path}/deploys`, body: {} });
    await client.request({ ...request, method: "GET", path });
  }

  expect(statuses.filter((it) => it >= 400)).toEqual([]);
  expect(said).toHaveLength(2);
  expect(said[0]).toContain("of 10 calls in 1 min that change or deploy a service");
});

test("what others spend counts: an answer says what is left, and it is not spent twice", async () => {
  const { client, other, statuses } = sceneOf();
  await create(client, "first");
  await createMany(other, 15, "other");

  await create(client, "second");
  await createMany(client, 10, "mine");

  expect(statuses.filter((it) => it >= 400)).toEqual([]);
});

test("where others have spent it all before the first answer, one 429 teaches everybody that waits", async () => {
  const { client, other, said, statuses } = sceneOf();
  await createMany(other, 20, "other");

  await createMany(client, 10, "mine");

  // A tenth of the budget may be in flight before an answer reports the rest.
  expect(statuses.filter((it) => it === 429)).toHaveLength(2);
  expect(said).toHaveLength(1);
});

test("a wait ends with the time of the resource that waits, and says what it waited for", async () => {
  const { client } = sceneOf();
  await createMany(client, 20, "a");
  const signal = AbortSignal.timeout(0);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));

  await expect(create(client, "late", signal)).rejects.toThrow(
    /^Render: could not create service "late": it waits for the rate limit of 20 calls in 60 min that create a service or a datastore, and its deadline is \d+ min too early\. Run opspec up again later\.$/,
  );
});

test("a wait ends when the engine cancels, with its reason", async () => {
  const { client } = sceneOf();
  await createMany(client, 20, "a");
  const cancelled = AbortSignal.abort(new Error("cancelled by the engine"));

  await expect(create(client, "late", cancelled)).rejects.toThrow("cancelled by the engine");
});

test.each([
  [{ "retry-after": "7", "ratelimit-reset": "50" }, 7000],
  [{ "ratelimit-reset": "50" }, 51_000],
  [{}, 1000],
])("a 429 with %j is waited for by all calls of its class", async (headers, waitMs) => {
  let time = 0;
  let refused = false;
  const clock: Clock = {
    now: () => time,
    waitUntil: async (atMs) => {
      time = Math.max(time, atMs);
    },
  };
  const client = new RenderClient({
    host: "http://render.test",
    apiKey: () => "key",
    pace: PACE,
    budgets: new RateBudgets({ clock }),
    fetch: async () => {
      const isFirst = !refused;
      refused = true;
      return isFirst ? new Response("{}", { status: 429, headers }) : Response.json({});
    },
  });

  await Promise.all(["a", "b", "c"].map((name) => create(client, name)));

  expect(time).toBe(waitMs);
});
