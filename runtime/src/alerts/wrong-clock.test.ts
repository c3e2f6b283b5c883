import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { FAILED } from "../../testing/scratch-event.ts";
import { ChannelError } from "./channels/channel.ts";

/** A clock that is ahead when the process begins, and is set back. */
const HOURS_AHEAD = 5 * 3600;

test("a clock that was ahead and is set back silences no channel", async () => {
  const channel = listChannel("ops");
  const clock = handClock();
  const { alerts } = scratchAlerts([channel], { clock });

  clock.passSeconds(HOURS_AHEAD);
  await alerts.send(FAILED);
  clock.passSeconds(-HOURS_AHEAD);
  const other = await alerts.send({ ...FAILED, key: "shop/trim/fail" });
  clock.passSeconds(11);
  await alerts.close(1000);
  clock.passSeconds(600);
  const again = await alerts.send(FAILED);

  expect([other, channel.messages.length, again]).toEqual(["held", 3, "sent"]);
});

test("a clock that was ahead while a channel failed delays it by an hour at most", async () => {
  let isDown = true;
  const channel = listChannel("ops", () => {
    if (isDown) throw new ChannelError("HTTP 503", 0);
  });
  const clock = handClock();
  const { alerts } = scratchAlerts([channel], { clock });

  clock.passSeconds(HOURS_AHEAD);
  await alerts.send(FAILED);
  isDown = false;
  clock.passSeconds(-HOURS_AHEAD);
  await alerts.send(FAILED);
  clock.passSeconds(3601);
  await alerts.close(1000);

  expect(channel.messages).toHaveLength(1);
});

test("a silence of a clock that was ahead does not hold now", async () => {
  const channel = listChannel("ops");
  const clock = handClock();
  const { alerts } = scratchAlerts([channel], { clock });

  clock.passSeconds(HOURS_AHEAD);
  await alerts.silences.add({ minutes: 60, reason: "release", by: "ada" });
  clock.passSeconds(-HOURS_AHEAD);

  expect(await alerts.send(FAILED)).toBe("sent");
});
