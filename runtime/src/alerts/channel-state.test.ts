import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { FAILED } from "../../testing/scratch-event.ts";
import { countOf } from "./alert-message.ts";
import { ChannelError } from "./channels/channel.ts";

test("a channel that backs off shows why and until when, and a test that it takes sends what it holds", async () => {
  let isDown = true;
  const ops = listChannel("ops", () => {
    if (isDown) throw new ChannelError("HTTP 401: bad key");
  });
  const clock = handClock();
  const { alerts } = scratchAlerts([ops], { clock });
  const idle = await alerts.channels();

  await alerts.send(FAILED);
  await alerts.send({ ...FAILED, key: "shop/trim/fail" });
  const failing = await alerts.channels();
  await alerts.test("ada");
  const stillFailing = await alerts.channels();
  isDown = false;
  await alerts.test("ada");
  await expect.poll(() => ops.messages.length).toBe(2);

  const about = { name: "ops", kind: "list", isReady: true };
  const well = { ...about, held: 0, failures: 0, nextAttemptAt: null, lastError: null };
  expect(idle).toEqual([well]);
  expect(failing).toEqual([
    {
      ...about,
      held: 2,
      failures: 1,
      nextAttemptAt: "2026-11-22T10:00:30.000Z",
      lastError: { why: "HTTP 401: bad key", at: "2026-11-22T10:00:00.000Z" },
    },
  ]);
  expect(stillFailing).toEqual(failing);
  expect(ops.messages.map((it) => [it.items[0]?.event.kind, countOf(it)])).toEqual([
    ["test", 1],
    ["fail", 2],
  ]);
  await expect.poll(() => alerts.channels()).toEqual([well]);
});
