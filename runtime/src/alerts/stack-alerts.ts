import { randomUUID } from "node:crypto";
import type { AlertEvent, Delivery, StoredAlert } from "../contract/alert-event.ts";
import {
  type AlertState,
  type Outbox,
  outboxOf,
  type RecentAlert,
  type RecentRow,
  type Silence,
  type StackAlerts,
} from "./alert-state.ts";
import {
  admit,
  type AlertRules,
  CLOCKS_DIFFER_MS,
  correctTimes,
  countOfNews,
  hasRoom,
  nextMessageTime,
  type Outgoing,
  silence,
  takeMessage,
} from "./outbox.ts";

/** Alerts that operators can look back at. */
export const RECENT_MAX = 100;

interface PlanOptions {
  readonly channels: readonly string[];
  readonly rules: AlertRules;
  readonly nowMs: number;
  /** The process ends, so a group is not waited for. */
  readonly isLast: boolean;
}

/**
 * Admits alerts, also those that arrived in the store, and takes the messages that are due. Returns
 * the result of each alert by its id and channel, and when the next message may be sent.
 */
export function planDelivery(
  alerts: StackAlerts,
  added: readonly StoredAlert[],
  { channels, rules, nowMs, isLast }: PlanOptions,
) {
  const outboxes = channels.map((it) => outboxOf(alerts, it));
  for (const it of outboxes) correctTimes(it, rules, nowMs);
  const verdicts = new Map<string, Readonly<Record<string, Delivery>>>();
  for (const { id, event, channels: receivers, isSilenced } of [...alerts.arrived, ...added]) {
    const isQuiet = isSilenced || isSilencedBy(alerts.silences, event, nowMs);
    const results = receivers.map((name): [string, Delivery] => {
      const outbox = outboxOf(alerts, name);
      const isHere = isQuiet
        ? silence(outbox, event, nowMs)
        : admit(outbox, event, { rules, nowMs });
      return [name, isHere];
    });
    const deliveries = Object.fromEntries(results);
    verdicts.set(id, deliveries);
    alerts.recent = withRecent(alerts.recent, event, deliveries);
  }
  alerts.arrived = [];
  const messages = outboxes.flatMap((it) => takeMessage(it, nowMs, isLast) ?? []);
  const times = outboxes.flatMap((it) => nextMessageTime(it, nowMs, isLast) ?? []);
  return { verdicts, messages, nextAtMs: times.length === 0 ? undefined : Math.min(...times) };
}

/** Whether a silence covers the alert now. */
function isSilencedBy(silences: readonly Silence[], { key }: AlertEvent, nowMs: number): boolean {
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
  for (const it of own.outboxes.values()) mergeOutbox(outboxOf(stored, it.channel), it);
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
  const isSending = stored.inFlight !== null;
  stored.nextMessageAt = Math.max(stored.nextMessageAt, own.nextMessageAt);
  stored.failures = own.failures;
  stored.lastError = own.lastError;
  stored.groupUntil ??= own.groupUntil;
  stored.overflow += own.overflow;
  stored.inFlight ??= own.inFlight;
  for (const it of own.alerts.values()) {
    const before = stored.alerts.get(it.key);
    const state = isSending ? { ...it, inFlight: null } : it;
    const merged = before ? mergedState(before, state) : state;
    if (hasRoom(stored, merged)) stored.alerts.set(it.key, merged);
    else stored.overflow += countOfNews({ ...it.waiting, count: it.count });
  }
}

function mergedState(before: AlertState, own: AlertState): AlertState {
  const newer = own.updatedAt > before.updatedAt ? own : before;
  const firing = before.waiting?.firing ?? own.waiting?.firing;
  const notice = before.waiting?.resolved ?? own.waiting?.resolved;
  const resolved = newer.firingSince === null ? notice : undefined;
  return {
    ...newer,
    count: before.count + own.count,
    waiting: firing || resolved ? { firing, resolved } : null,
    inFlight: before.inFlight ?? own.inFlight,
  };
}
