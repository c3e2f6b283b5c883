import { expect, onTestFinished, test } from "vitest";
import { listSink } from "../../testing/list-sink.ts";
import { manualClock, scratchHealth } from "../../testing/scratch-health.ts";
import { CheckError } from "../health/error-words.ts";
import { createLogger } from "../log.ts";
import { type AlertRule, startRules } from "./rules.ts";

/** A rule over real health with one check, which a test lets fail, and the events of the app. */
async function watched(rule: Omit<AlertRule, "name">) {
  const clock = manualClock();
  const dependency = { isUp: true };
  const probe = async () => {
    if (!dependency.isUp) throw new CheckError("connection refused");
    return { value: 7 };
  };
  const checks = [{ name: "database", kind: "ready" as const, probe }];
  const { health } = scratchHealth({}, { checks, clock });
  const alerts = listSink();
  const rules = startRules({
    manifest: {
      system: "shop",
      stack: "shop",
      process: "web",
      alerts: { channels: [], rules: [{ name: "it", ...rule }] },
    },
    health,
    alerts,
    env: {},
    log: createLogger({ manifest: undefined, env: {}, name: "rules", write: () => {} }),
    clock,
  });
  onTestFinished(async () => {
    await rules.stop();
    await health.close();
  });
  await health.probe();
  await rules.evaluate();
  /** Moves the clock, probes and evaluates; returns what was sent. */
  const after = async (seconds: number): Promise<string[]> => {
    clock.advance(seconds);
    await health.probe();
    const before = alerts.sent.length;
    await rules.evaluate();
    return alerts.sent.slice(before).map(({ kind, title }) => `${kind}: ${title}`);
  };
  return { after, dependency, health, rules };
}

test("a check that fails for as long as its rule says is an alert with the reason, and its end another", async () => {
  const { after, dependency, rules } = await watched({
    of: { kind: "check", name: "database" },
    forSeconds: 60,
  });
  const well = await after(15);

  dependency.isUp = false;
  const failing = [await after(15), await after(30)];
  const fired = await after(30);
  const again = await after(15);
  const { reasons } = rules.states()[0] ?? {};
  dependency.isUp = true;

  expect([well, ...failing]).toEqual([[], [], []]);
  expect(fired).toEqual(["rule: it: the check database fails: connection refused"]);
  expect(again).toEqual([]);
  expect(reasons).toEqual(["the check database fails: connection refused"]);
  expect(await after(15)).toEqual(["resolved: it: over, the check succeeds"]);
});

test("a rule about a check that the process does not have says so", async () => {
  const { after, rules } = await watched({ of: { kind: "check", name: "databse" } });

  expect(rules.states()).toEqual([
    { name: "it", reasons: [], error: 'this process has no check "databse"' },
  ]);
  expect(await after(60)).toEqual([
    'rule: it: its source cannot be read: this process has no check "databse"',
  ]);
});

test("a metric below its limit is an alert, and one that cannot be read is another", async () => {
  const labels = { check: "database" };
  const ok = await watched({ of: { kind: "metric", name: "opspec_check_ok", labels }, below: 1 });
  const value = { kind: "metric", name: "opspec_check_value", labels } as const;
  const measured = await watched({ of: value, below: 5 });

  ok.dependency.isUp = false;
  measured.dependency.isUp = false;

  expect(await ok.after(15)).toEqual(["rule: it: 0 is below 1"]);
  expect(await measured.after(15)).toEqual([]);
  expect(await measured.after(60)).toEqual([
    'rule: it: its source cannot be read: the metric opspec_check_value{check="database"} has no value',
  ]);
  ok.dependency.isUp = true;
  expect(await ok.after(15)).toEqual(["resolved: it: over, the value is 1"]);
});

test("too few events are an alert once a whole window has passed", async () => {
  const { after, health } = await watched({
    of: { kind: "event", name: "order" },
    below: 2,
    withinSeconds: 60,
  });
  health.noteEvent("order");
  const early = [await after(30), await after(29)];
  health.noteEvent("order");

  const enough = await after(1);

  expect([...early, enough]).toEqual([[], [], []]);
  expect(await after(60)).toEqual(["rule: it: 0 is below 2"]);
});
