import { randomUUID } from "node:crypto";
import type { AlertEvent, Delivery, StoredAlert } from "../contract/alert-event.ts";
import type { AlertState } from "./alert-state.ts";
import {
  admit,
  type AlertRules,
  CLOCKS_DIFFER_MS,
  correctTimes,
  countOfNews,
  hasRoom,
  newChannel,
  nextMessageTime,
  type Outbox,
  type Outgoing,
  silence,
  takeMessage,
} from "./outbox.ts";

/** A message without a result after this time is free for other processes: its sender is gone. */
const IN_FLIGHT_MS = 60_000;

/** Alerts that operators can look back at. */
export const RECENT_MAX = 100;

/** An alert as operators look back at it. */
export interface RecentAlert {
  readonly key: string;
  readonly kind: AlertEvent["kind"];
  readonly title: string;
  readonly process: string;
  readonly job?: string;
  /** Of the first and the last equal alert, ISO 8601 in UTC. */
  readonly at: string;
  readonly lastAt: string;
  readonly count: number;
  /** The result by channel. */
  readonly deliveries: Readonly<Record<string, Delivery>>;
}

/** A row of the list. The newest has the highest position. */
export interface RecentRow {
  readonly id: string;
  readonly position: number;
  readonly alert: RecentAlert;
}

/** A time in which operators do not want alerts. */
export interface Silence {
  readonly id: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly by: string;
  /** Part of the keys of the silenced alerts; without it all alerts are silenced. */
  readonly match?: string;
}

/** The alerts of one stack, as one change sees them. A change edits this object. */
export interface StackAlerts {
  /** By channel, each with its pending alerts and those that the change asked for. */
  readonly outboxes: Map<string, Outbox>;
  silences: readonly Silence[];
  /** Newest first. */
  recent: readonly RecentRow[];
  /** Alerts that were stored with a run record and are not yet admitted to the channels. */
  arrived: readonly StoredAlert[];
}

/** The channel's outbox, which is added when it is missing. */
export function outboxOf({ outboxes }: Pick<StackAlerts, "outboxes">, name: string): Outbox {
  const outbox = outboxes.get(name) ?? { channel: newChannel(name), alerts: new Map() };
  outboxes.set(name, outbox);
  return outbox;
}

/** What one change decided. */
export interface Plan {
  /** Of each admitted alert, by its id: the result by channel. */
  readonly verdicts: ReadonlyMap<string, Readonly<Record<string, Delivery>>>;
  readonly messages: readonly Outgoing[];
  /** When the next message may be sent; undefined when nothing waits. */
  readonly nextAtMs: number | undefined;
  /** Another message is in flight. */
  readonly isInFlight: boolean;
}

interface PlanOptions {
  readonly channels: readonly string[];
  readonly rules: AlertRules;
  readonly nowMs: number;
  /** The process ends, so a group is not waited for. */
  readonly isLast: boolean;
}

/** Admits alerts, also those that arrived in the store, and takes the messages that are due. */
export function planDelivery(
  alerts: StackAlerts,
  added: readonly StoredAlert[],
  { channels, rules, nowMs, isLast }: PlanOptions,
): Plan {
  const untilMs = nowMs + IN_FLIGHT_MS;
  const outboxes = channels.map((it) => outboxOf(alerts, it));
  for (const it of outboxes) correctTimes(it, { rules, nowMs, untilMs });
  const verdicts = new Map<string, Record<string, Delivery>>();
  for (const { id, event, channels: receivers, isSilenced } of [...alerts.arrived, ...added]) {
    const isQuiet = isSilenced || isSilencedBy(alerts.silences, event, nowMs);
    const deliveries: Record<string, Delivery> = {};
    for (const name of receivers) {
      const outbox = outboxOf(alerts, name);
      deliveries[name] = isQuiet
        ? silence(outbox, event, nowMs)
        : admit(outbox, event, { rules, nowMs });
    }
    verdicts.set(id, deliveries);
    alerts.recent = withRecent(alerts.recent, event, deliveries);
  }
  alerts.arrived = [];
  const messages = outboxes.flatMap(
    (it) => takeMessage(it, { nowMs, id: randomUUID(), untilMs, isLast }) ?? [],
  );
  const times = outboxes.flatMap((it) => nextMessageTime(it) ?? []);
  const taken = new Set(messages.map(({ channel }) => channel));
  return {
    verdicts,
    messages,
    nextAtMs: times.length === 0 ? undefined : Math.min(...times),
    isInFlight: outboxes.some(({ channel }) => channel.inFlight && !taken.has(channel.name)),
  };
}

/** Whether a silence covers the alert now. */
function isSilencedBy(
  silences: readonly Silence[],
  { key }: Pick<AlertEvent, "key">,
  nowMs: number,
): boolean {
  return silences.some(
    ({ sinceMs, untilMs, match = "" }) =>
      // A silence that begins later comes from a clock that was ahead, and would last too long.
      sinceMs <= nowMs + CLOCKS_DIFFER_MS &&
      untilMs > nowMs &&
      key.toLowerCase().includes(match.toLowerCase()),
  );
}

/** Adds an alert; an alert that is deduplicated counts in the row of the first one. */
export function withRecent(
  rows: readonly RecentRow[],
  event: AlertEvent,
  deliveries: RecentAlert["deliveries"],
): RecentRow[] {
  const { key, kind, title, process, job, at } = event;
  const position = (rows[0]?.position ?? 0) + 1;
  const known = rows.find(({ alert }) => alert.key === key);
  if (known?.alert.kind === kind && !Object.values(deliveries).includes("held")) {
    const alert = { ...known.alert, lastAt: at, count: known.alert.count + 1 };
    return [{ ...known, position, alert }, ...rows.filter((it) => it !== known)];
  }
  const about = { key, kind, title, process, ...(job === undefined ? {} : { job }) };
  const alert = { ...about, at, lastAt: at, count: 1, deliveries };
  return [{ id: randomUUID(), position, alert }, ...rows].slice(0, RECENT_MAX);
}

/** Notes the result of a message in the rows of its alerts. */
export function withDelivery(
  rows: readonly RecentRow[],
  { channel, message }: Outgoing,
  delivery: Delivery,
): RecentRow[] {
  return rows.map((row) => {
    const { key, kind, deliveries } = row.alert;
    const isIn = message.items.some(({ event }) => event.key === key && event.kind === kind);
    if (!isIn || !["held", "error"].includes(deliveries[channel] ?? "")) return row;
    return { ...row, alert: { ...row.alert, deliveries: { ...deliveries, [channel]: delivery } } };
  });
}

/**
 * Merges the alerts that one process kept into the stored ones.
 *
 * @param known silences that were stored when the process lost the store
 */
export function mergeAlerts(
  stored: StackAlerts,
  own: StackAlerts,
  known: ReadonlySet<string> = new Set(),
): void {
  for (const outbox of own.outboxes.values()) {
    mergeOutbox(outboxOf(stored, outbox.channel.name), outbox);
  }
  const kept = new Set(own.silences.map(({ id }) => id));
  stored.silences = [
    ...stored.silences.filter(({ id }) => !known.has(id) || kept.has(id)),
    ...own.silences.filter(({ id }) => !known.has(id)),
  ];
  const first = (stored.recent[0]?.position ?? 0) + own.recent.length;
  const moved = own.recent.map((it, index) => ({ ...it, position: first - index }));
  stored.recent = [...moved, ...stored.recent].slice(0, RECENT_MAX);
}

function mergeOutbox(stored: Outbox, own: Outbox): void {
  const { channel } = stored;
  stored.channel = {
    ...channel,
    nextMessageAt: Math.max(channel.nextMessageAt, own.channel.nextMessageAt),
    failures: own.channel.failures,
    groupUntil: channel.groupUntil ?? own.channel.groupUntil,
    overflow: channel.overflow + own.channel.overflow,
    inFlight: channel.inFlight ?? own.channel.inFlight,
  };
  for (const it of own.alerts.values()) {
    const state = channel.inFlight ? { ...it, inFlight: null } : it;
    const before = stored.alerts.get(it.key);
    const merged = before ? mergedState(before, state) : state;
    if (hasRoom(stored, merged)) stored.alerts.set(it.key, merged);
    else {
      const overflow = stored.channel.overflow + countOfNews({ ...it.waiting, count: it.count });
      stored.channel = { ...stored.channel, overflow };
    }
  }
}

function mergedState(before: AlertState, own: AlertState): AlertState {
  const newer = own.updatedAt > before.updatedAt ? own : before;
  const { waiting } = before;
  const resolved = waiting.resolved ?? own.waiting.resolved;
  return {
    ...newer,
    count: before.count + own.count,
    waiting: {
      firing: waiting.firing ?? own.waiting.firing,
      resolved: newer.firingSince === null ? resolved : undefined,
    },
    inFlight: before.inFlight ?? own.inFlight,
  };
}
