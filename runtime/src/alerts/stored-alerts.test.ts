import { expect, test } from "vitest";
import { FAILED } from "../../testing/scratch-event.ts";
import { MEMORY, openSqlite } from "../databases/sqlite-database.ts";
import { mergeAlerts, readAlerts, type StoredAlerts } from "./stored-alerts.ts";
import { AlertRows, ensureAlertTables } from "./alert-rows.ts";
import { newAlertState } from "./alert-state.ts";
import { admit, newChannel, type Outbox, pendingAlerts } from "./outbox.ts";
import { RECENT_MAX, type RecentRow, withRecent } from "./recent-alerts.ts";

const NOW_MS = Date.parse(FAILED.at);
const RULES = { groupMs: 0, repeatMs: 600_000, limitMs: 10_000 };

test("a store grows no further by what a process kept while the store was away", async () => {
  const database = openSqlite(MEMORY);
  await ensureAlertTables(database);

  const both = await database.transaction("merge", async (query) => {
    const rows = new AlertRows(query, { stack: "shop", dialect: "sqlite", nowMs: NOW_MS });
    await mergeAlerts(rows, fullStore("a"));
    await mergeAlerts(rows, fullStore("b"));
    return readAlerts(rows);
  });
  await database.close();

  const [outbox] = both.outboxes;
  if (!outbox) throw new Error("unreachable: a channel was merged");
  const pending = pendingAlerts(outbox).length;
  expect([
    both.recent.length,
    pending,
    outbox.channel.overflow,
    outbox.alerts.size - pending,
  ]).toEqual([100, 200, 1000, 500]);
});

/** As much as a store keeps of 600 different alerts. */
function fullStore(name: string): StoredAlerts {
  const outbox: Outbox = { channel: newChannel("ops"), alerts: new Map() };
  let recent: RecentRow[] = [];
  for (let number = 0; number < 600; number += 1) {
    const event = { ...FAILED, key: `shop/${name}-${number}/fail` };
    admit(outbox, event, { rules: RULES, nowMs: NOW_MS });
    const key = `told/${event.key}`;
    const atMs = NOW_MS + number;
    const firing = { firingSince: atMs, isNotified: true, notifiedAt: atMs };
    outbox.alerts.set(key, { ...newAlertState(key, atMs), ...firing });
    recent = withRecent(recent, event, { ops: "held" }).slice(0, RECENT_MAX);
  }
  return { outboxes: [outbox], silences: [], recent };
}
