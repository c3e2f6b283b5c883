import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchOps } from "../../testing/scratch-ops.ts";

const CACHES = ["clans", "templates"].map((name) => ({
  name,
  source: { kind: "file" as const, path: `${name}.json` },
  ttlSeconds: 3600,
}));

async function scene() {
  const ops = await scratchOps({ manifest: { caches: CACHES } }, { about: () => ({ app: null }) });
  for (const { name } of CACHES) {
    writeFileSync(join(ops.directory, `${name}.json`), JSON.stringify([{ name }]));
  }
  return ops;
}

const refresh = { method: "POST", json: { actor: "manual ada" } };

test("one cache is refreshed, or all of them, and who asked for it is told", async () => {
  const ops = await scene();

  const one = await ops.ask("/ops/caches/clans/refresh", refresh);
  const all = await ops.ask("/ops/caches/all/refresh", refresh);

  expect(one.body["refreshed"]).toMatchObject([{ bucket: "clans", result: "ok", actor: "ada" }]);
  expect(all.body["refreshed"]).toHaveLength(2);
  const { body } = await ops.ask("/ops/caches");
  expect(body["caches"]).toMatchObject([
    { name: "clans", count: 1, trigger: "manual", actor: "ada" },
    { name: "templates", count: 1, actor: "ada" },
  ]);
});

test("a cache that is not there is named with those that are", async () => {
  const ops = await scene();

  const answer = await ops.ask("/ops/caches/nothing/refresh", refresh);

  expect(answer.status).toBe(404);
  expect(answer.body["error"]).toBe(
    'there is no cache "nothing"; there are: clans, templates, all',
  );
});

test("the digest tells age, next refresh, retries and last actor of each cache", async () => {
  const ops = await scene();
  await ops.ask("/ops/caches/clans/refresh", refresh);

  const { body } = await ops.ask("/ops/digest");

  expect(body).toMatchObject({ system: "shop", process: "web", health: "ok", app: null });
  expect(body["caches"]).toMatchObject([
    { name: "clans", retries: 0, last_actor: "ada", result: "ok", error: null },
    { name: "templates", age_seconds: null, last_actor: null, next_refresh: null },
  ]);
  const [clans] = body["caches"] as Record<string, unknown>[];
  expect(clans?.["age_seconds"]).toBeGreaterThanOrEqual(0);
});

test("a reload reads toggles again and makes every cache too old, without dropping its value", async () => {
  const ops = await scene();
  await ops.ask("/ops/caches/all/refresh", refresh);

  const { status, body } = await ops.ask("/ops/reload", refresh);

  expect(status).toBe(200);
  expect(body["caches"]).toMatchObject([
    { name: "clans", ttlExpired: true, count: 1 },
    { name: "templates", ttlExpired: true },
  ]);
});

test("a restart is begun at once and says who wanted it; without an app there is nothing to restart", async () => {
  const ops = await scene();
  const restart = { method: "POST", json: { actor: "manual ada", reason: "it hangs" } };

  const without = await ops.ask("/ops/restart", restart);
  const reasons: string[] = [];
  ops.process.app = {
    stop: async () => {},
    start: async () => {},
    check: async () => {},
    restart: async (reason) => void reasons.push(reason),
  };
  const withApp = await ops.ask("/ops/restart", restart);

  expect([without.status, without.body["error"]]).toEqual([409, "this process supervises no app"]);
  expect([withApp.status, withApp.body]).toEqual([202, { restarting: true }]);
  expect(reasons).toEqual(["manual ada: it hangs"]);
});
