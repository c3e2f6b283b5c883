import { randomUUID } from "node:crypto";
import type { AlertEvent, Delivery, StoredAlert } from "../contract/alert-event.ts";
import { outboxOf, type Silence, type StackAlerts } from "./alert-rows.ts";
import {
  admit,
  type AlertRules,
  CLOCKS_DIFFER_MS,
  correctTimes,
  nextMessageTime,
  type Outgoing,
  silence,
  takeMessage,
} from "./outbox.ts";
import { withRecent } from "./recent-alerts.ts";

/** A message without a result after this time is free for other processes: its sender is gone. */
const IN_FLIGHT_MS = 60_000;

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
  for (const { id, event, isSilenced } of [...alerts.arrived, ...added]) {
    const isQuiet = isSilenced || isSilencedBy(alerts.silences, event, nowMs);
    const deliveries = outboxes.map((it): [string, Delivery] => [
      it.channel.name,
      isQuiet ? silence(it, event, nowMs) : admit(it, event, { rules, nowMs }),
    ]);
    verdicts.set(id, Object.fromEntries(deliveries));
    alerts.recent = withRecent(alerts.recent, event, Object.fromEntries(deliveries));
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
