import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { FAILED, RECOVERED } from "../../testing/scratch-event.ts";
import { createLogger } from "../log.ts";
import { countOf } from "./alert-message.ts";
import { ChannelError } from "./channels/channel.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";

test("an alert is held while the limit is used up, and sent when it is free again", async () => {
  const channel = listChannel("ops");
  const { alerts } = scratchAlerts([channel], { rules: { limitMs: 200 } });

  const first = await alerts.send(FAILED);
  const second = await alerts.send({ ...FAILED, key: "shop/trim/fail" });

  expect([first, second, channel.messages.length]).toEqual(["sent", "held", 1]);
  await expect.poll(() => channel.messages.length, { timeout: 5000 }).toBe(2);
});

test("the limit counts a message once: the first alert is sent at once and not dropped", async () => {
  const channel = listChannel("ops");
  const { alerts } = scratchAlerts([channel]);

  expect(await alerts.send(FAILED)).toBe("sent");
  expect(channel.messages).toHaveLength(1);
});

test("an equal alert is told again from the 600th second on, with what came meanwhile", async () => {
  const channel = listChannel("ops");
  const clock = handClock();
  const { alerts } = scratchAlerts([channel], { clock });

  await alerts.send(FAILED);
  clock.passSeconds(599.9);
  const before = await alerts.send(FAILED);
  clock.passSeconds(0.1);
  const after = await alerts.send(FAILED);

  expect([before, after]).toEqual(["suppressed", "sent"]);
  expect(channel.messages.map(countOf)).toEqual([1, 2]);
});

test("the third message about what comes and goes waits until ten minutes after the first", async () => {
  const channel = listChannel("ops");
  const clock = handClock();
  const { alerts } = scratchAlerts([channel], { clock, rules: { limitMs: 0 } });

  const seen = [];
  for (let round = 0; round < 3; round += 1) {
    seen.push([await alerts.send(FAILED), await alerts.send(RECOVERED)]);
    clock.passSeconds(60);
  }
  const again = await alerts.send(FAILED);
  clock.passSeconds(420);
  await alerts.close(1000);

  expect(seen).toEqual([
    ["sent", "sent"],
    ["sent", "sent"],
    ["held", "held"],
  ]);
  expect(again).toBe("suppressed");
  // It is open at the end, so that is what is told, with both times that it began.
  expect(
    channel.messages.slice(4).map((it) => it.items.map(({ event, count }) => [event.kind, count])),
  ).toEqual([[["fail", 2]]]);
});

test("the end of what nobody was told of is told when it may be another process that told it", async () => {
  const channel = listChannel("ops");
  const { alerts } = scratchAlerts([channel]);

  const ends = [await alerts.send(RECOVERED), await alerts.send(RECOVERED)];

  expect(ends).toEqual(["sent", "suppressed"]);
});

test("a key with a time, an id or a duration in it is the same the next time", async () => {
  const channel = listChannel("ops");
  const { alerts } = scratchAlerts([channel]);

  const first = await alerts.send({
    ...FAILED,
    key: "scheduler.job_failure/sched-refresh-202611221000/took 812ms at 2026-11-22T10:00:00Z",
  });
  const second = await alerts.send({
    ...FAILED,
    key: "scheduler.job_failure/sched-refresh-202611221100/took 13s at 2026-11-22T11:00:00Z",
  });

  expect([first, second]).toEqual(["sent", "suppressed"]);
});

test("what a channel did not take is not told, and is sent later", async () => {
  let isDown = true;
  const channel = listChannel("ops", () => {
    if (isDown) throw new ChannelError("HTTP 503", 0);
  });
  const clock = handClock();
  const { alerts, lines } = scratchAlerts([channel], { clock });

  const failed = await alerts.send(FAILED);
  const again = await alerts.send(FAILED);
  isDown = false;
  clock.passSeconds(31);
  await alerts.close(1000);

  expect([failed, again]).toEqual(["held", "suppressed"]);
  expect(channel.messages.map(countOf)).toEqual([2]);
  expect(lines).toContainEqual(expect.objectContaining({ msg: "alert not sent", why: "HTTP 503" }));
});

test("a wait that a server asks for is kept, by all processes of the stack", async () => {
  let isBusy = true;
  const channel = listChannel("ops", () => {
    if (isBusy) throw new ChannelError("HTTP 429", 120_000);
  });
  const clock = handClock();
  const shared = { clock, directory: scratchDirectory(), manifest: FILE_STORE };
  const one = scratchAlerts([channel], shared).alerts;
  const two = scratchAlerts([channel], shared).alerts;

  await one.send(FAILED);
  isBusy = false;
  clock.passSeconds(119);
  const early = await two.send({ ...FAILED, key: "shop/trim/fail" });
  const none = channel.messages.length;
  clock.passSeconds(1);
  await two.close(1000);

  expect([early, none]).toEqual(["held", 0]);
  expect(channel.messages.map((it) => it.items.length)).toEqual([2]);
});

test("one channel that took it is enough, and the failed one is tried again by itself", async () => {
  let isDown = true;
  const mail = listChannel("mail", () => {
    if (isDown) throw new TypeError("smtp.internal");
  });
  const chat = listChannel("chat");
  const clock = handClock();
  const { alerts, lines } = scratchAlerts([mail, chat], { clock });

  const delivery = await alerts.send(FAILED);
  isDown = false;
  clock.passSeconds(31);
  await alerts.close(1000);

  expect(delivery).toBe("sent");
  expect([mail.messages.length, chat.messages.length]).toEqual([1, 1]);
  expect(JSON.stringify(lines)).not.toContain("smtp.internal");
});

test("without a channel that is set up an alert is a line of the log, and skipped", async () => {
  const channel = { ...listChannel("ops"), isReady: () => false };
  const { alerts, lines } = scratchAlerts([channel]);

  expect(await alerts.send(FAILED)).toBe("skipped");
  expect(lines).toMatchObject([{ msg: "alert without a channel", key: FAILED.key }]);
});

test("alerts that come within the group's time are one message", async () => {
  const channel = listChannel("ops");
  const { alerts } = scratchAlerts([channel], { rules: { groupMs: 100, limitMs: 0 } });

  await alerts.send(FAILED);
  await alerts.send({ ...FAILED, key: "shop/trim/fail" });

  expect(channel.messages).toEqual([]);
  await expect.poll(() => channel.messages.map(countOf), { timeout: 5000 }).toEqual([2]);
});

test("a process that ends does not wait for the group's time, and waits for the limit", async () => {
  const channel = listChannel("ops");
  const { alerts } = scratchAlerts([channel], { rules: { groupMs: 60_000, limitMs: 150 } });

  await alerts.send(FAILED);
  await alerts.close(5000);

  expect(channel.messages).toHaveLength(1);
});

test("a process that ends waits for the message that is on its way", async () => {
  const isSending = Promise.withResolvers<void>();
  const mayArrive = Promise.withResolvers<void>();
  const channel = listChannel("ops", async ({ items }) => {
    if (items[0]?.event.key === FAILED.key) return;
    isSending.resolve();
    await mayArrive.promise;
  });
  const { alerts, lines } = scratchAlerts([channel], { rules: { limitMs: 50 } });

  await alerts.send(FAILED);
  await alerts.send({ ...FAILED, key: "shop/trim/fail" });
  await isSending.promise;
  const closing = alerts.close(10_000);
  await sleep(20);
  mayArrive.resolve();
  await closing;

  expect(channel.messages).toHaveLength(2);
  expect(lines.map((it) => it["level"])).toEqual(["info", "info"]);
});

test("a process that ends is not kept up by a channel that hangs", async () => {
  const channel = listChannel("ops", () => new Promise(() => {}));
  const { alerts, lines } = scratchAlerts([channel]);

  void alerts.send(FAILED);
  await sleep(20);
  const startMs = performance.now();
  await alerts.close(200);

  expect(performance.now() - startMs).toBeLessThan(5000);
  expect(lines.at(-1)).toMatchObject({ msg: "alerts were not sent, and no store keeps them" });
});

test("a secret in an alert's text does not leave the process", async () => {
  createLogger({
    manifest: undefined,
    env: { API_KEY: "canary-9c1f" },
    name: "a",
    write: () => {},
  });
  const channel = listChannel("ops");
  const { alerts } = scratchAlerts([channel]);

  await alerts.send({
    ...FAILED,
    title: "digest failed: key canary-9c1f refused",
    details: { error: "canary-9c1f" },
  });

  expect(channel.messages).toHaveLength(1);
  expect(JSON.stringify([channel.messages, await alerts.recent(5)])).not.toContain("canary-9c1f");
});

test("the last alerts are told with what became of them at each channel", async () => {
  const down = listChannel("mail", () => {
    throw new ChannelError("HTTP 401");
  });
  const clock = handClock();
  const { alerts } = scratchAlerts([listChannel("ops"), down], { clock });

  await alerts.send(FAILED);
  await alerts.send({ ...FAILED, at: "2026-11-22T10:00:05.000Z" });
  await alerts.send({ ...FAILED, key: "shop/trim/fail", title: "trim failed" });

  expect(await alerts.recent(10)).toMatchObject([
    { title: "trim failed", count: 1, deliveries: { ops: "held", mail: "held" } },
    {
      key: FAILED.key,
      count: 2,
      at: FAILED.at,
      lastAt: "2026-11-22T10:00:05.000Z",
      deliveries: { ops: "sent", mail: "error" },
    },
  ]);
});

test("a test goes through every channel and tells what came of each", async () => {
  const down = listChannel("mail", () => {
    throw new ChannelError("HTTP 401: bad key");
  });
  const unset = { ...listChannel("chat"), isReady: () => false };
  const { alerts } = scratchAlerts([listChannel("ops"), down, unset]);

  expect(await alerts.test("ada")).toEqual([
    { name: "ops", kind: "list", result: "sent", why: null },
    { name: "mail", kind: "list", result: "error", why: "HTTP 401: bad key" },
    { name: "chat", kind: "list", result: "skipped", why: null },
  ]);
});

const FILE_STORE = { stores: { records: { kind: "sqlite" as const, path: "runs.db" } } };
