import { expect, test } from "vitest";
import type { AlertEvent } from "../contract/alert-event.ts";
import { clockAt } from "../../testing/job-context.ts";
import { listSink } from "../../testing/list-sink.ts";
import { scratchManifest } from "../../testing/scratch-process.ts";
import { startHttpServer, type TestAnswer } from "../../testing/http-server.ts";
import { collectLog } from "../../testing/log-lines.ts";
import {
  type CacheOptions,
  openCaches,
  refreshRequestOf,
  sendStartSummary,
  type StartSummary,
} from "./caches.ts";

const MANUAL = { trigger: "manual", actor: "ana" } as const;

/** Longer than any test: whoever waits for it hangs. */
const NEVER_MS = 10_000_000;

test("get gives the stale value at once and starts one refresh in the background", async () => {
  const { source, server, given, clock } = await setting({ body: [{ clan: "a" }] });
  const caches = openCaches([{ name: "clans", source, ttlSeconds: 10_800 }], given);
  await caches.refresh("clans", MANUAL);

  source.answer = { body: [{ clan: "b" }, { clan: "c" }] };
  clock.now += 10_800_000;
  const stale = [caches.get("clans"), caches.get("clans"), caches.get("clans")];

  expect(stale.map((entry) => entry?.rows)).toEqual([
    [{ clan: "a" }],
    [{ clan: "a" }],
    [{ clan: "a" }],
  ]);
  expect(stale[0]?.snapshot.ttlExpired).toBe(true);
  await expect.poll(() => caches.get("clans")?.rows).toEqual([{ clan: "b" }, { clan: "c" }]);
  expect(server.seen).toHaveLength(2);
});

test("a value that is fresh is not read again", async () => {
  const { source, server, given, clock } = await setting({ body: [] });
  const caches = openCaches([{ name: "clans", source, ttlSeconds: 60 }], given);
  await caches.refresh("clans", MANUAL);

  clock.now += 59_999;
  caches.get("clans");

  expect(caches.snapshots()[0]?.ttlExpired).toBe(false);
  expect(server.seen).toHaveLength(1);
});

test("a cache that was never filled has no value, and get begins to fill it", async () => {
  const { source, given } = await setting({ body: [{ clan: "a" }] });
  const caches = openCaches([{ name: "clans", source, ttlSeconds: 60 }], given);

  expect(caches.get("clans")).toMatchObject({
    rows: undefined,
    snapshot: { lastRefreshAt: null, nextRefreshAt: null, count: null, result: null },
  });
  await expect.poll(() => caches.get("clans")?.rows).toEqual([{ clan: "a" }]);
  expect(caches.get("other")).toBeUndefined();
  expect(caches.refresh("other", MANUAL)).toBeUndefined();
});

test("a refresh that fails is tried once more, and then it is retry_ok", async () => {
  const { source, server, given, lines } = await setting({ status: 500 });
  const caches = openCaches([{ name: "clans", source, ttlSeconds: 60 }], {
    ...given,
    retryDelayMs: 1,
  });
  source.script.push({ status: 500 }, { body: [{ clan: "a" }] });

  const outcome = await caches.refresh("clans", MANUAL);

  const error = `http of ${server.url}/: HTTP 500.`;
  expect(outcome).toMatchObject({ bucket: "clans", result: "retry_ok", error });
  expect(lines).toEqual([
    expect.objectContaining({
      level: "info",
      msg: "refresh",
      bucket: "clans",
      trigger: "manual",
      actor: "ana",
      result: "retry_ok",
      retries: 1,
      ttl_expired: false,
      count: 1,
      error,
    }),
  ]);
});

test("a failed refresh keeps the old value and its time, and tells both errors", async () => {
  const { source, server, given, clock, lines } = await setting({ body: [{ clan: "a" }] });
  const caches = openCaches([{ name: "clans", source, ttlSeconds: 60 }], {
    ...given,
    retryDelayMs: 1,
  });
  await caches.refresh("clans", MANUAL);

  source.script.push({ status: 500 }, { status: 503 });
  clock.now += 60_000;
  const outcome = await caches.refresh("clans", { trigger: "cron", actor: "scheduler" });

  const where = `http of ${server.url}/`;
  const error = `${where}: HTTP 500. | retry: ${where}: HTTP 503.`;
  expect(outcome).toMatchObject({ bucket: "clans", result: "fail", error });
  expect(caches.get("clans")).toEqual({
    rows: [{ clan: "a" }],
    snapshot: {
      name: "clans",
      ttlSeconds: 60,
      lastRefreshAt: "1970-01-01T00:16:40.000Z",
      nextRefreshAt: "1970-01-01T00:17:40.001Z",
      ttlExpired: true,
      count: 1,
      latencyMs: expect.any(Number),
      result: "fail",
      error,
      retries: 1,
      trigger: "cron",
      actor: "scheduler",
    },
  });
  expect(lines.at(-1)).toMatchObject({ level: "warn", result: "fail" });
});

test("after a failure nobody who gets the value starts another refresh too early", async () => {
  const { source, server, given, clock } = await setting({ status: 500 });
  const caches = openCaches([{ name: "clans", source, ttlSeconds: 60 }], {
    ...given,
    retryDelayMs: 50,
  });
  await caches.refresh("clans", MANUAL);

  clock.now += 49;
  caches.get("clans");
  expect(server.seen).toHaveLength(2);
  clock.now += 1;
  caches.get("clans");
  await expect.poll(() => server.seen.length).toBeGreaterThan(2);
  await caches.close();
});

test("a manual refresh does not wait for the second try of one that is under way", async () => {
  const { source, server, given } = await setting({ body: [{ clan: "a" }] });
  source.script.push({ status: 500 });
  const caches = openCaches([{ name: "clans", source, ttlSeconds: 60 }], given);
  caches.get("clans");
  await expect.poll(() => server.seen.length).toBe(1);

  // It joins the refresh, also when the first try has not failed yet.
  const outcome = await caches.refresh("clans", MANUAL);

  expect(outcome?.result).toBe("retry_ok");
  expect(caches.get("clans")?.rows).toEqual([{ clan: "a" }]);
});

test("the refresh at the start delays nobody and ends in one summary", async () => {
  const { source, given, lines } = await setting({ body: [{ clan: "a" }] });
  const broken = { kind: "file", path: "none.json" } as const;
  const caches = openCaches(
    [
      { name: "clans", source, ttlSeconds: 60 },
      { name: "templates", source: broken, ttlSeconds: 60 },
    ],
    { ...given, retryDelayMs: 20 },
  );
  const summaries: StartSummary[] = [];

  caches.start((summary) => summaries.push(summary));

  expect(summaries).toEqual([]);
  await expect.poll(() => summaries).toHaveLength(1);
  const expected = { ok: ["clans"], failed: ["templates"], durationMs: expect.any(Number) };
  expect(summaries).toEqual([expected]);
  expect(lines.filter(({ msg }) => msg === "caches refreshed at the start")).toEqual([
    expect.objectContaining({ level: "warn", ...expected }),
  ]);
});

test("closing ends a refresh that waits for its second try", async () => {
  const { source, server, given } = await setting({ status: 500 });
  const caches = openCaches([{ name: "clans", source, ttlSeconds: 60 }], given);
  const refresh = caches.refresh("clans", MANUAL);
  await expect.poll(() => server.seen.length).toBe(1);

  await caches.close();

  expect((await refresh)?.result).toBe("fail");
});

/** A server whose answers are the script's and then always the same, and a clock that stands still. */
async function setting(answer: TestAnswer) {
  const script: TestAnswer[] = [];
  const server = await startHttpServer(() => script.shift() ?? source.answer);
  const source = { kind: "http" as const, url: server.url, answer, script };
  const { log, lines } = collectLog();
  const clock = { now: 1_000_000 };
  const given: CacheOptions = {
    env: {},
    directory: ".",
    log,
    clock: { now: () => new Date(clock.now) },
    retryDelayMs: NEVER_MS,
  };
  return { source, server, given, clock, lines };
}

test.each([
  ["manual ana", { trigger: "manual", actor: "ana" }],
  ["start", { trigger: "startup", actor: "startup" }],
  ["schedule", { trigger: "cron", actor: "scheduler" }],
  ["catch-up", { trigger: "cron", actor: "scheduler" }],
])("a run of %s refreshes as %o", (actor, request) => {
  expect(refreshRequestOf(actor)).toEqual(request);
});

/** The one message about such a start. */
async function told(summary: { ok: string[]; failed: string[] }): Promise<AlertEvent | undefined> {
  const alerts = listSink();
  const { sent } = alerts;
  const manifest = scratchManifest({ jobs: [] });
  const clock = clockAt("2026-01-06T22:00:00Z");
  await sendStartSummary({ manifest, alerts, clock }, { ...summary, durationMs: 1200 });
  expect(sent).toHaveLength(1);
  return sent[0];
}

test("a start whose caches are all read is a notice, with one key for every start", async () => {
  const event = await told({ ok: ["clans", "templates"], failed: [] });

  expect(event).toMatchObject({
    kind: "notice",
    key: "shop/web/caches/ok",
    title: "shop: 2 of 2 caches of web were refreshed at the start",
    details: { ok: ["clans", "templates"], failed: [], durationMs: 1200 },
  });
});

test("a cache that could not be read makes it a failure that names it", async () => {
  const event = await told({ ok: ["clans"], failed: ["templates"] });

  expect(event).toMatchObject({
    kind: "fail",
    key: "shop/web/caches/fail",
    title: "shop: 1 of 2 caches of web were refreshed at the start; not templates",
  });
});
