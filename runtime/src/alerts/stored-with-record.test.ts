import { expect, onTestFinished, test, type TestContext } from "vitest";
import { NO_LOG } from "../../testing/no-log.ts";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { FAILED } from "../../testing/scratch-event.ts";
import { endOf, startOf } from "../../testing/record-stores.ts";
import { usePostgres } from "../../testing/servers.ts";
import type { ManifestStores } from "../contract/store.ts";
import { openState } from "../state/state-store.ts";
import { storedId } from "../contract/alert-event.ts";
import { countOf } from "./alert-message.ts";
import type { Channel } from "./channels/channel.ts";

const postgres = usePostgres();

const STORES: Readonly<Record<string, ManifestStores>> = {
  sqlite: { records: { kind: "sqlite", path: "runs.db" } },
  postgres: { records: { kind: "postgres", urlEnv: "URL" } },
};

const KINDS = Object.keys(STORES);

/** The run records of a process, and its alerts with a channel that keeps what it is sent. */
async function scene(kind: string, context: TestContext) {
  const stores = STORES[kind] ?? {};
  const env = kind === "sqlite" ? {} : { URL: await (await postgres(context)).freshDatabase() };
  const directory = scratchDirectory();
  const clock = handClock();
  const channel = listChannel("ops");
  const manifest = { system: "shop", stack: "shop", stores };
  const { records, close } = await openState(manifest, { env, directory, log: NO_LOG });
  onTestFinished(close);
  const open = (channels: Channel[] = [channel]) =>
    scratchAlerts(channels, { directory, env, clock, manifest: { stores } }).alerts;
  const run = startOf(1, { fence: 2 });
  return { open, records, channel, clock, failed: endOf(run, { status: "failed" }) };
}

test.for(KINDS)(
  "%s: an alert that was stored with its record is sent once, by the next process",
  async (kind, context) => {
    const { open, records, channel, failed } = await scene(kind, context);
    const killed = open();
    await records.finish(failed, await killed.toStore(failed.runId, [FAILED]));
    // Here the process is killed.
    const next = open();

    await next.close(5000);
    await open().close(5000);

    expect(channel.messages.map(countOf)).toEqual([1]);
    expect(channel.messages[0]?.items[0]?.event).toEqual(FAILED);
    expect((await open().recent(5)).map(({ deliveries }) => deliveries)).toEqual([{ ops: "sent" }]);
  },
);

test.for(KINDS)("%s: two processes never count a stored alert twice", async (kind, context) => {
  const { open, records, channel, clock, failed } = await scene(kind, context);
  const [own, other] = [open(), open()];
  await records.finish(failed, await own.toStore(failed.runId, [FAILED]));
  other.start();
  await expect.poll(() => channel.messages.length, { timeout: 5000 }).toBe(1);

  const delivery = await own.send(FAILED, storedId(failed.runId, FAILED));
  clock.passSeconds(601);
  await own.send(FAILED);

  expect(delivery).toBe("held");
  expect(channel.messages.map(countOf)).toEqual([1, 1]);
});

test.for(KINDS)("%s: a process sends what it stored itself", async (kind, context) => {
  const { open, records, channel, failed } = await scene(kind, context);
  const alerts = open();
  await records.finish(failed, await alerts.toStore(failed.runId, [FAILED]));

  expect(await alerts.send(FAILED, storedId(failed.runId, FAILED))).toBe("sent");
  expect(channel.messages.map(countOf)).toEqual([1]);
});

test.for(KINDS)(
  "%s: a process with other channels, or none, keeps no stored alert from its channel",
  async (kind, context) => {
    const { open, records, channel, failed } = await scene(kind, context);
    const mail = listChannel("mail");
    const unset = { ...listChannel("none"), isReady: () => false };
    await records.finish(failed, await open().toStore(failed.runId, [FAILED]));

    for (const it of [mail, unset]) await open([it]).send({ ...FAILED, key: "shop/trim/fail" });
    await open().close(1000);

    const keys = (it: typeof mail) => it.messages.map(({ items }) => items[0]?.event.key);
    expect([keys(channel), keys(mail)]).toEqual([["shop/digest/fail"], ["shop/trim/fail"]]);
  },
);

test.for(KINDS)("%s: a record that is refused stores no alert", async (kind, context) => {
  const { open, records, channel, failed } = await scene(kind, context);
  const alerts = open();
  await records.finish(failed);
  const late = { ...failed, runId: crypto.randomUUID(), fence: 1 };

  const isAccepted = await records.finish(late, await alerts.toStore(late.runId, [FAILED]));
  await alerts.close(1000);

  expect([isAccepted, channel.messages.length]).toEqual([false, 0]);
});
