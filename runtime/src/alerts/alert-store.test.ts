import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { scratchDatabase } from "../../testing/scratch-database.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { FAILED } from "../../testing/scratch-event.ts";
import { type SqlDatabase, StoreError } from "../databases/sql-database.ts";
import { MEMORY, openSqlite } from "../databases/sqlite-database.ts";
import { changeAlerts, ensureAlertTables, readAlerts } from "./alert-rows.ts";
import { newAlertState, noAlerts, outboxOf, type StackAlerts } from "./alert-state.ts";
import { admit, pendingAlerts } from "./outbox.ts";
import { mergeAlerts, RECENT_MAX, withRecent } from "./stack-alerts.ts";

const NOW_MS = Date.parse(FAILED.at);
const RULES = { groupMs: 0, repeatMs: 600_000, limitMs: 10_000 };

test("a store grows no further by what a process kept while the store was away", async () => {
  const database = openSqlite(MEMORY);
  await ensureAlertTables(database);

  const scope = { stack: "shop", dialect: "sqlite", keys: [], nowMs: NOW_MS } as const;
  const both = await database.transaction("merge", async (query) => {
    for (const name of ["a", "b"]) {
      const own = fullStore(name);
      await changeAlerts(query, scope, (alerts) => mergeAlerts(alerts, own));
    }
    const all = await query("read the keys", "SELECT key FROM opspec_alerts");
    const keys = all.map(({ key }) => String(key));
    return readAlerts(query, { ...scope, keys });
  });
  await database.close();

  const [outbox] = both.outboxes.values();
  if (!outbox) throw new Error("unreachable: a channel was merged");
  const pending = pendingAlerts(outbox).length;
  expect([both.recent.length, pending, outbox.overflow, outbox.alerts.size - pending]).toEqual([
    100, 200, 1000, 500,
  ]);
});

/** As much as a store keeps of 600 different alerts. */
function fullStore(name: string): StackAlerts {
  const alerts = noAlerts();
  const outbox = outboxOf(alerts, "ops");
  for (let number = 0; number < 600; number += 1) {
    const event = { ...FAILED, key: `shop/${name}-${number}/fail` };
    admit(outbox, event, { rules: RULES, nowMs: NOW_MS });
    const key = `told/${event.key}`;
    const atMs = NOW_MS + number;
    const firing = { firingSince: atMs, isNotified: true, notifiedAt: atMs };
    outbox.alerts.set(key, { ...newAlertState("ops", key, atMs), ...firing });
    alerts.recent = withRecent(alerts.recent, event, { ops: "held" }).slice(0, RECENT_MAX);
  }
  return alerts;
}

/** A database whose transactions fail as long as `failure` returns an error. */
function failing(database: SqlDatabase, failure: () => Error | undefined): SqlDatabase {
  return {
    ...database,
    query: database.query,
    transaction: async (verb, work) => {
      const error = failure();
      if (error) throw error;
      return await database.transaction(verb, work);
    },
  };
}

const STORES = { records: { kind: "sqlite" as const, path: "runs.db" } };

test("a defect does not look like a store that is down", async () => {
  const channel = listChannel("ops");
  let defect: Error | undefined = new TypeError("a bug");
  const directory = scratchDirectory();
  const database = failing(scratchDatabase(STORES, { env: {}, directory }), () => defect);
  const { alerts, lines } = scratchAlerts([channel], { database, directory });

  const broken = await alerts.send(FAILED);
  defect = undefined;
  const sent = await alerts.send(FAILED);

  expect([broken, sent]).toEqual(["error", "sent"]);
  const about = lines.map((it) => it["msg"]);
  expect(about).toContain("alerts could not be stored");
  expect(about).not.toContain("the alert store is down: alerts are sent, and may come twice");
  expect(channel.messages.map((it) => it.note)).toEqual([undefined]);
});

test("an outage forgets neither what was notified nor which silences hold", async () => {
  const channel = listChannel("ops");
  const clock = handClock();
  let isAway = false;
  const directory = scratchDirectory();
  const away = new StoreError({ where: "runs.db", verb: "change the alerts" }, new Error("away"));
  const kept = scratchDatabase(STORES, { env: {}, directory });
  const database = failing(kept, () => (isAway ? away : undefined));
  const options = { database, directory, clock, rules: { limitMs: 0 } };
  const { alerts } = scratchAlerts([channel], options);
  await alerts.send(FAILED);
  const { id } = await alerts.silences.add({ minutes: 60, reason: "r", by: "ada", match: "trim" });

  isAway = true;
  const during = [
    await alerts.send(FAILED),
    await alerts.send({ ...FAILED, key: "shop/trim/fail" }),
  ];
  await alerts.silences.cancel(id);
  await alerts.silences.add({ minutes: 60, reason: "r", by: "bob", match: "digest" });
  isAway = false;
  clock.passSeconds(31);
  await alerts.send({ ...FAILED, key: "shop/other/fail" });

  expect(during).toEqual(["suppressed", "silenced"]);
  // The database has the silence of the outage, and lost the one that ended in it.
  const other = scratchAlerts([channel], { ...options, database: kept }).alerts;
  expect((await other.silences.list()).map(({ by }) => by)).toEqual(["bob"]);
});
