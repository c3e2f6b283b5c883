import { expect, onTestFinished, test } from "vitest";
import type { Delivery } from "../contract/alert-event.ts";
import { createLogger } from "../log.ts";
import { withRedis } from "../../testing/redis.ts";
import { listSink } from "../../testing/list-sink.ts";
import { manualClock } from "../../testing/scratch-health.ts";
import { useRedis } from "../../testing/servers.ts";
import type { AlertRule } from "./rules.ts";
import { type RulesOptions, startRules } from "./rules.ts";

const redis = useRedis();

type Health = RulesOptions["health"];

const DEPTH: AlertRule = { name: "backlog", of: { kind: "metric", name: "depth" }, above: 50 };

/** Rules over values that a test sets; the first look is done. */
async function started(rule: AlertRule, options: Partial<RulesOptions> = {}) {
  const clock = manualClock();
  const source: { value: number | undefined; events: number; delivery: Delivery } = {
    value: 0,
    events: 0,
    delivery: "sent",
  };
  const alerts = listSink(() => source.delivery);
  const { sent } = alerts;
  const health: Health = {
    metricValue: async () => source.value,
    eventCount: () => source.events,
    results: () => [],
  };
  const rules = startRules({
    manifest: {
      system: "shop",
      stack: "shop",
      process: "web",
      alerts: { channels: [], rules: [rule] },
    },
    health,
    alerts,
    env: {},
    log: createLogger({ manifest: undefined, env: {}, name: "rules", write: () => {} }),
    clock,
    ...options,
  });
  onTestFinished(() => rules.stop());
  await rules.evaluate();
  /** Moves the clock and looks; tells what was sent. */
  const after = async (seconds: number, value?: number): Promise<string[]> => {
    if (value !== undefined) source.value = value;
    clock.advance(seconds);
    const before = sent.length;
    await rules.evaluate();
    return sent.slice(before).map(({ kind, title }) => `${kind}: ${title}`);
  };
  return { source, sent, after };
}

test("a value above its limit is told once, and once more when it is over", async () => {
  const { after, sent } = await started(DEPTH);

  const told = [await after(15, 50), await after(15, 51), await after(15, 90), await after(15, 50)];

  expect(told).toEqual([
    [],
    ["rule: backlog: 51 is above 50"],
    [],
    ["resolved: backlog: over, the value is 50"],
  ]);
  expect(sent.map((it) => it.key)).toEqual(["shop/rule/backlog", "shop/rule/backlog"]);
});

test("with `for` it must hold without a break for so long", async () => {
  const { after } = await started({ ...DEPTH, forSeconds: 600 });

  await after(15, 60);
  const soon = await after(599);
  await after(1, 10);
  await after(15, 60);
  const again = await after(599);
  const long = await after(1);

  expect([soon, again]).toEqual([[], []]);
  expect(long).toEqual(["rule: backlog: 60 is above 50"]);
});

test("growth is told from the lowest value within the window", async () => {
  const { after } = await started({
    name: "dead letters",
    of: { kind: "metric", name: "depth" },
    growth: 5,
    withinSeconds: 600,
  });

  await after(60, 100);
  const told = [
    await after(600, 100),
    await after(60, 3),
    await after(60, 8),
    await after(60, 9),
    await after(660, 9),
  ];

  expect(told).toEqual([
    ["resolved: dead letters: over, the value is 100"],
    [],
    [],
    ["rule: dead letters: grew by 6 within 10 min, more than 5"],
    ["resolved: dead letters: over, the value is 9"],
  ]);
});

test("a rate counts events a minute within the window", async () => {
  const { source, after } = await started({
    name: "failures",
    of: { kind: "event", name: "job.failed" },
    ratePerMinute: 2,
    withinSeconds: 60,
  });

  source.events = 2;
  const two = await after(15);
  source.events = 3;
  const three = await after(15);
  const over = await after(75);

  expect([two, three, over]).toEqual([
    [],
    ["rule: failures: 3 a minute within 1 min, more than 2"],
    ["resolved: failures: over, the value is 3"],
  ]);
});

test("events above a limit are those of the window, not of all time", async () => {
  const { source, after } = await started({
    name: "dead letters",
    of: { kind: "event", name: "job.dead_letter" },
    above: 0,
  });

  source.events = 1;
  const told = await after(15);
  const over = await after(315);

  expect(told).toEqual(["rule: dead letters: 1 is above 0"]);
  expect(over).toEqual(["resolved: dead letters: over, the value is 1"]);
});

test("several conditions of a rule are alternatives", async () => {
  const { after } = await started({ ...DEPTH, growth: 5 });

  expect(await after(15, 8)).toEqual(["rule: backlog: grew by 8 within 5 min, more than 5"]);
});

test("a source that cannot be read raises its own alert instead of silence, and the rule stays as it was", async () => {
  const { source, after, sent } = await started(DEPTH);
  await after(15, 51);

  source.value = undefined;
  const told = [await after(15), await after(45), await after(15), await after(600)];
  source.value = 51;
  const back = await after(15);

  expect(told).toEqual([
    [],
    [],
    ["rule: backlog: its source cannot be read: the metric depth has no value"],
    [],
  ]);
  expect(back).toEqual(["resolved: backlog: its source can be read again"]);
  expect(sent[1]?.key).toBe("shop/rule/backlog/source");
});

test("what no channel took is told again, what no channel is set up for is not", async () => {
  const { source, after } = await started(DEPTH);

  source.delivery = "error";
  await after(15, 51);
  const again = await after(15);
  source.delivery = "skipped";
  await after(15);
  const skipped = await after(15);

  expect([again.length, skipped.length]).toEqual([1, 0]);
});

test("a rule without a condition is refused", () => {
  const rules = [{ name: "empty", of: { kind: "metric" as const, name: "depth" } }];

  expect(() =>
    startRules({
      manifest: { system: "s", stack: "s", process: "p", alerts: { channels: [], rules } },
      health: { metricValue: async () => 0, eventCount: () => 0, results: () => [] },
      alerts: listSink(),
      env: {},
      log: createLogger({ manifest: undefined, env: {}, name: "rules", write: () => {} }),
    }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ConfigurationError: alerts/rules/empty: has no condition, so it never fires. Add above, below, growth or ratePerMinute.]`,
  );
});

test("the length of a queue is read from Redis, and a Redis that is away is told", async (context) => {
  const { url, flush } = await redis(context);
  await flush();
  const rule: AlertRule = {
    name: "dead letters",
    of: { kind: "queue", urlEnv: "REDIS_URL", key: "jobs:dead" },
    above: 0,
  };
  const here = await started(rule, { env: { REDIS_URL: url } });
  const away = await started(rule, { env: { REDIS_URL: "redis://127.0.0.1:1" } });

  const empty = await here.after(15);
  await withRedis(url, (client) => client.rpush("jobs:dead", "a"));

  expect(empty).toEqual([]);
  expect(await here.after(15)).toEqual(["rule: dead letters: 1 is above 0"]);
  expect(await away.after(60)).toEqual([
    "rule: dead letters: its source cannot be read: connection refused",
  ]);
});
