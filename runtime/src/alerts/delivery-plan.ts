import { randomUUID } from "node:crypto";
import type { AlertEvent, Delivery } from "../contract/alert-event.ts";
import type { AlertRows, Silence } from "./alert-rows.ts";
import {
  admit,
  type AlertRules,
  CLOCKS_DIFFER_MS,
  correctTimes,
  nextMessageTime,
  type Outbox,
  type Outgoing,
  silence,
  takeMessage,
} from "./outbox.ts";
import { withRecent } from "./recent-alerts.ts";

/** A message without a result after this time is free for other processes: its sender is gone. */
const IN_FLIGHT_MS = 60_000;

/** An alert to admit. */
export interface NewAlert {
  readonly event: AlertEvent;
  /** The app's own silence file says so. */
  readonly isSilenced: boolean;
}

/** What one transaction decided. */
export interface Plan {
  /** Of each admitted alert, by channel. */
  readonly verdicts: readonly Readonly<Record<string, Delivery>>[];
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

/** Admits alerts to every channel and takes the messages that are due, in one transaction. */
export async function planDelivery(
  rows: AlertRows,
  alerts: readonly NewAlert[],
  { channels, rules, nowMs, isLast }: PlanOptions,
): Promise<Plan> {
  const untilMs = nowMs + IN_FLIGHT_MS;
  const outboxes = await rows.outboxes(channels, [
    ...new Set(alerts.map(({ event }) => event.key)),
  ]);
  for (const it of outboxes) correctTimes(it, { rules, nowMs, untilMs });
  const silences = alerts.length > 0 ? await rows.silences() : [];
  const verdicts = alerts.map((it) => admitToAll(outboxes, it, { silences, rules, nowMs }));
  const messages = outboxes.flatMap(
    (it) => takeMessage(it, { nowMs, id: randomUUID(), untilMs, isLast }) ?? [],
  );
  await rows.saveOutboxes(outboxes);
  if (alerts.length > 0) {
    let recent = await rows.recent();
    for (const [index, { event }] of alerts.entries()) {
      recent = withRecent(recent, event, verdicts[index] ?? {});
    }
    await rows.saveRecent(recent);
  }
  const times = outboxes.flatMap((it) => nextMessageTime(it) ?? []);
  const taken = new Set(messages.map(({ channel }) => channel));
  return {
    verdicts,
    messages,
    nextAtMs: times.length === 0 ? undefined : Math.min(...times),
    isInFlight: outboxes.some(({ channel }) => channel.inFlight && !taken.has(channel.name)),
  };
}

function admitToAll(
  outboxes: readonly Outbox[],
  alert: NewAlert,
  options: { silences: readonly Silence[]; rules: AlertRules; nowMs: number },
): Record<string, Delivery> {
  const { event } = alert;
  const { silences, nowMs } = options;
  const isQuiet = alert.isSilenced || isSilenced(silences, event, nowMs);
  return Object.fromEntries(
    outboxes.map((it) => [
      it.channel.name,
      isQuiet ? silence(it, event, nowMs) : admit(it, event, options),
    ]),
  );
}

/** Whether a silence covers the alert now. */
function isSilenced(
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
