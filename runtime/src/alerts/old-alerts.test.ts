import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { scratchDatabase } from "../../testing/scratch-database.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { FAILED, RECOVERED } from "../../testing/scratch-event.ts";
import { openDocument } from "../state/documents.ts";
import { countOf } from "./alert-message.ts";

const STORES = { records: { kind: "sqlite" as const, path: "runs.db" } };

const TRIM = { ...FAILED, key: "shop/trim/fail" };

const NOW_MS = Date.parse(FAILED.at);

/** As an older version wrote it: one alert is open, and one is on its way. */
const DOCUMENT = {
  channels: {
    ops: {
      nextAtMs: 0,
      failures: 0,
      told: {
        [FAILED.key]: {
          atMs: NOW_MS - 60_000,
          isOpen: true,
          again: 4,
          tellings: [NOW_MS - 60_000],
        },
      },
      held: [],
      more: 0,
      flight: {
        id: "1",
        untilMs: NOW_MS + 60_000,
        items: [{ event: TRIM, count: 2, notBeforeMs: NOW_MS - 1000 }],
        more: 3,
      },
    },
  },
  silences: [
    {
      id: "s",
      sinceMs: NOW_MS - 1000,
      untilMs: NOW_MS + 60_000,
      reason: "r",
      by: "ada",
      match: "x",
    },
  ],
  recent: [
    {
      key: FAILED.key,
      kind: "fail",
      title: FAILED.title,
      process: "web",
      at: FAILED.at,
      lastAt: FAILED.at,
      count: 5,
      deliveries: { ops: "sent" },
    },
  ],
};

test("after an upgrade an open alert does not fire again, what waits is sent, and silences hold", async () => {
  const directory = scratchDirectory();
  const database = scratchDatabase(STORES, { env: {}, directory });
  const document = openDocument(database, { stack: "shop/shop", name: "alerts" });
  await document.change(() => JSON.stringify(DOCUMENT));
  await database.close();
  const channel = listChannel("ops");
  const options = { clock: handClock(), directory, manifest: { stores: STORES } };
  const { alerts } = scratchAlerts([channel], options);

  const isFiring = await alerts.isFiring(FAILED.key);
  const again = await alerts.send(FAILED);
  await alerts.close(1000);
  const next = scratchAlerts([channel], { ...options, rules: { limitMs: 0 } }).alerts;
  options.clock.passSeconds(11);
  const resolved = await next.send(RECOVERED);

  expect([isFiring, again, resolved]).toEqual([true, "suppressed", "sent"]);
  // The message that was on its way with its digest, and the end with all that came before it.
  expect(channel.messages.map(countOf)).toEqual([5, 6]);
  expect(await next.silences.list()).toMatchObject([{ id: "s", match: "x" }]);
  expect((await next.recent(5)).map(({ kind, count }) => [kind, count])).toEqual([
    ["recovered", 1],
    ["fail", 6],
  ]);
});
