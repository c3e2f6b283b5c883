import { randomUUID } from "node:crypto";
import { type AlertEvent, isResolved } from "../contract/alert-event.ts";
import type { SqlDatabase } from "../databases/sql-database.ts";
import { openDocument } from "../state/documents.ts";
import { outboxOf, type RecentAlert, type Silence, type StackAlerts } from "./stack-alerts.ts";
import { newAlertState } from "./alert-state.ts";
import type { Outbox } from "./outbox.ts";

/** The document in which older versions kept all alerts of a stack. */
interface OldAlerts {
  readonly channels?: Readonly<Record<string, OldChannel>>;
  readonly silences?: readonly Silence[];
  readonly recent?: readonly RecentAlert[];
}

interface OldChannel {
  readonly nextAtMs: number;
  readonly failures: number;
  /** By key; `tellings` are the times of the last messages. */
  readonly told: Readonly<
    Record<string, { atMs: number; isOpen: boolean; again: number; tellings: readonly number[] }>
  >;
  readonly held: readonly OldItem[];
  readonly more: number;
  readonly flight?: { readonly items: readonly OldItem[]; readonly more: number };
}

interface OldItem {
  readonly event: AlertEvent;
  readonly count: number;
  readonly notBeforeMs: number;
}

/**
 * Reads the alerts of an older version, so that firing alerts are not sent again after an update. An
 * unreadable document has none.
 */
export async function readOldAlerts(
  database: SqlDatabase,
  stack: string,
): Promise<StackAlerts | undefined> {
  const text = await openDocument(database, { stack, name: "alerts" }).read();
  if (text === undefined) return undefined;
  const alerts: StackAlerts = { outboxes: new Map(), silences: [], recent: [], arrived: [] };
  try {
    const { channels = {}, silences = [], recent = [] } = JSON.parse(text) as OldAlerts;
    for (const [name, old] of Object.entries(channels)) readChannel(outboxOf(alerts, name), old);
    alerts.silences = silences;
    const position = (index: number): number => recent.length - index;
    alerts.recent = recent.map((alert, index) => ({
      id: randomUUID(),
      position: position(index),
      alert,
    }));
    return alerts;
  } catch {
    return undefined;
  }
}

function readChannel(outbox: Outbox, old: OldChannel): void {
  const { nextAtMs, failures, told, held, more, flight } = old;
  const overflow = more + (flight?.more ?? 0);
  outbox.channel = { ...outbox.channel, nextMessageAt: nextAtMs, failures, overflow };
  for (const [key, { atMs, isOpen, again, tellings }] of Object.entries(told)) {
    outbox.alerts.set(key, {
      ...newAlertState(key, atMs),
      firingSince: isOpen ? (tellings[0] ?? atMs) : null,
      isNotified: isOpen,
      notifiedAt: tellings.at(-1) ?? (isOpen ? atMs : null),
      notifiedBefore: tellings.at(-2) ?? null,
      count: again,
    });
  }
  // A message that was in flight is sent again: a duplicate is better than a lost message.
  for (const item of [...held, ...(flight?.items ?? [])]) addItem(outbox, item);
}

function addItem({ alerts }: Outbox, { event, count, notBeforeMs }: OldItem): void {
  const state = alerts.get(event.key) ?? newAlertState(event.key, notBeforeMs);
  const { firing, resolved } = state.waiting;
  const isEnd = isResolved(event);
  alerts.set(event.key, {
    ...state,
    firingSince: isEnd || resolved ? null : (state.firingSince ?? notBeforeMs),
    waiting: isEnd ? { firing, resolved: event } : { firing: firing ?? event, resolved },
    count: state.count + (isEnd ? count - 1 : count),
    nextAttemptAt: notBeforeMs,
  });
}
