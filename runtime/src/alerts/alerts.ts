import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { ManifestAlerts } from "../contract/alert.ts";
import { type AlertEvent, type Delivery, storedId } from "../contract/alert-event.ts";
import type { Env } from "../contract/env.ts";
import { type RuntimeManifest, stackNamespace } from "../contract/manifest.ts";
import type { SqlDatabase } from "../databases/sql-database.ts";
import type { Clock } from "../run/clock.ts";
import { type Outbox, outboxOf } from "./alert-state.ts";
import { AlertStore } from "./alert-store.ts";
import { messageOf } from "./alert-message.ts";
import { type Channel, whyNotSent } from "./channels/channel.ts";
import { openChannels } from "./channels/channels.ts";
import { DeliveryLoop } from "./delivery-loop.ts";
import { type AlertRules, noteWell, pendingAlerts } from "./outbox.ts";
import { normalisedKey, safeEvent } from "./safe-event.ts";
import { openSilences } from "./silences.ts";

/** Default time after which an equal alert is sent again, in s; see docs/sources.md. */
const REPEAT_SECONDS = 600;

/** Default minimum time between two messages of one channel, in s; see docs/sources.md. */
const LIMIT_SECONDS = 10;

/** Longest time in which a person waits for the test of a channel. */
const TEST_MS = 30_000;

/** The alerts of a process. */
export type Alerts = ReturnType<typeof alertsOf>;

export type ChannelInfo = ReturnType<typeof channelInfo>;

/** The result of a channel's test. */
export interface ChannelTest {
  readonly name: string;
  readonly kind: string;
  readonly result: "sent" | "skipped" | "error";
  /** The cause of an error; else null. */
  readonly why: string | null;
}

export interface AlertsOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process" | "jobs" | "stores">;
  readonly alerts: ManifestAlerts | undefined;
  /** Where the state of the alerts is kept. Its owner closes it. */
  readonly database: SqlDatabase;
  readonly env: Env;
  readonly directory: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Opens the alerts of a manifest. The first alert opens what it needs. */
export function openAlerts({ alerts, ...options }: AlertsOptions): Alerts {
  const channels = openChannels(alerts?.channels ?? [], options.env);
  return alertsOf(channels, rulesOf(alerts), options);
}

/** Opens the alerts of these channels. */
export function alertsOf(
  channels: readonly Channel[],
  rules: AlertRules,
  options: Omit<AlertsOptions, "alerts">,
) {
  const { manifest, database, log, clock } = options;
  const store = new AlertStore({ database, stack: stackNamespace(manifest), log, clock });
  const silences = openSilences({ ...options, store });
  const isReady = () => channels.some((it) => it.isReady());
  const receivers = () => (isReady() ? channels.filter((it) => it.isReady()) : [NO_CHANNEL]);
  const loop = new DeliveryLoop({ channels: receivers, rules, store, log, clock });
  const alertOf = async (event: AlertEvent, id?: string) => ({
    id: id ?? randomUUID(),
    isStored: id !== undefined,
    event: safeEvent(event),
    channels: namesOf(receivers()),
    isSilenced: await silences.isJobSilenced(event),
  });
  let isUsed = false;
  /** Sends what is due, within the limit. */
  const flush = async (limitMs: number): Promise<void> => {
    if (isReady() || isUsed) await loop.flush(limitMs);
  };
  return {
    silences,
    flush,
    isFiring: (key: string) => store.isFiring(normalisedKey(key), namesOf(receivers())),
    clear: (key: string) => clearAlert(store, normalisedKey(key)),
    send: async (event: AlertEvent, id?: string): Promise<Delivery> => {
      isUsed = true;
      const sent = alertOf(event, id).then((it) => loop.send(it));
      return sent.catch((error: unknown) => {
        log.error({ err: error, alert: event.kind, key: event.key }, "alert not sent");
        return "error";
      });
    },
    /**
     * The alerts to store with the record of a run, so that any process can deliver them. None when
     * no channel is set up. The caller sends them next.
     */
    toStore: async (runId: string, events: readonly AlertEvent[]) =>
      isReady() ? Promise.all(events.map((it) => alertOf(it, storedId(runId, it)))) : [],
    /** The last alerts of all processes of the stack, newest first. */
    recent: async (limit: number) =>
      (await store.read()).recent.slice(0, limit).map(({ alert }) => alert),
    channels: async () => {
      const alerts = await store.read();
      return channels.map((it) => channelInfo(it, outboxOf(alerts, it.name)));
    },
    /**
     * Sends a test message through every channel, or only one, past silences and limits. A channel
     * that takes it is well, so it is also sent what it holds.
     */
    test: async (by: string, channel?: string) => {
      const tested = channels.filter(({ name }) => name === (channel ?? name));
      const tests = await testAll(tested, testEvent(options, by));
      await endBackoff(store, tests, clock.now().getTime());
      loop.deliver();
      return tests;
    },
    /** From now on this process also sends what others left unsent. */
    start: () => isReady() && loop.start(),
    /** Sends what is due, within the limit, and closes. */
    close: async (limitMs: number) => {
      await flush(limitMs);
      loop.stop();
      await store.close();
    },
  };
}

function namesOf(channels: readonly Channel[]): string[] {
  return channels.map(({ name }) => name);
}

/** Marks an alert as resolved in all channels, without a message. */
function clearAlert(store: AlertStore, key: string): Promise<void> {
  return store.change([key], ({ outboxes }) => {
    for (const { alerts } of outboxes.values()) {
      const known = alerts.get(key);
      if (known) known.firingSince = null;
    }
  });
}

function channelInfo({ name, kind, isReady }: Channel, outbox: Outbox) {
  const { failures, nextMessageAt, lastError, overflow } = outbox;
  return {
    name,
    kind,
    /** Its variables are set, and its switch is on. */
    isReady: isReady(),
    /** Alerts that wait for its next message. */
    held: pendingAlerts(outbox).length + overflow,
    /** Messages that failed since the last delivered one. While there are any, the channel backs off. */
    failures,
    /** When it is tried again, ISO 8601 in UTC; null while it does not back off. */
    nextAttemptAt: failures > 0 ? new Date(nextMessageAt).toISOString() : null,
    lastError: lastError && { why: lastError.why, at: new Date(lastError.atMs).toISOString() },
  };
}

/** The state of a channel, for operators. */
export function channelWords(channel: ChannelInfo): string {
  const { kind, isReady, held, nextAttemptAt, lastError } = channel;
  if (!isReady) return `${kind} is skipped: a variable is not set`;
  if (nextAttemptAt === null) return `${kind} is set up`;
  return `${kind} fails: ${lastError?.why}; ${held} held, next attempt at ${nextAttemptAt}`;
}

function endBackoff(
  store: AlertStore,
  tests: readonly ChannelTest[],
  nowMs: number,
): Promise<void> {
  return store.change([], (alerts) => {
    for (const { name, result } of tests) {
      if (result === "sent") noteWell(outboxOf(alerts, name), nowMs);
    }
  });
}

/** Takes the alerts of a process without a channel: the delivery loop logs them. */
const NO_CHANNEL: Channel = {
  name: "log",
  kind: "log",
  isReady: () => true,
  send: async () => "skipped",
};

function rulesOf(alerts: Partial<ManifestAlerts> = {}): AlertRules {
  const { groupSeconds = 0, dedupeSeconds = REPEAT_SECONDS, repeatSeconds = 0 } = alerts;
  return {
    groupMs: groupSeconds * 1000,
    repeatMs: Math.max(dedupeSeconds, repeatSeconds) * 1000,
    limitMs: (alerts.limitSeconds ?? LIMIT_SECONDS) * 1000,
  };
}

function testAll(channels: readonly Channel[], event: AlertEvent): Promise<ChannelTest[]> {
  return Promise.all(channels.map((it) => testChannel(it, event)));
}

async function testChannel(channel: Channel, event: AlertEvent): Promise<ChannelTest> {
  const { name, kind } = channel;
  if (!channel.isReady()) return { name, kind, result: "skipped", why: null };
  try {
    const result = await channel.send(messageOf(event), AbortSignal.timeout(TEST_MS));
    return { name, kind, result, why: null };
  } catch (error) {
    return { name, kind, result: "error", why: whyNotSent(error) };
  }
}

function testEvent({ manifest, clock }: Omit<AlertsOptions, "alerts">, by: string): AlertEvent {
  const { system, stack, process } = manifest;
  const at = clock.now().toISOString();
  const title = `${stack}: a test of the alerts by ${by.replace(/^manual /, "")}`;
  const key = `${stack}/alerts/test`;
  return { key, kind: "test", system, stack, process, title, details: {}, at };
}
