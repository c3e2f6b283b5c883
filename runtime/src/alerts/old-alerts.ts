import { randomUUID } from "node:crypto";
import { type AlertEvent, isResolved } from "../contract/alert-event.ts";
import type { SqlDatabase } from "../databases/sql-database.ts";
import { openDocument } from "../state/documents.ts";
import {
  newAlertState,
  noAlerts,
  type Outbox,
  outboxOf,
  type RecentAlert,
  type Silence,
  type StackAlerts,
} from "./alert-state.ts";

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
  try {
    const { channels = {}, silences = [], recent = [] } = JSON.parse(text) as OldAlerts;
    const alerts: StackAlerts = {
      ...noAlerts(),
      silences,
      recent: recent.map((alert, index) => ({
        id: randomUUID(),
        position: recent.length - index,
        alert,
      })),
    };
    for (const [name, it] of Object.entries(channels)) readChannel(outboxOf(alerts, name), it);
    return alerts;
  } catch {
    return undefined;
  }
}

function readChannel(outbox: Outbox, old: OldChannel): void {
  const { nextAtMs, failures, told, held, more, flight } = old;
  Object.assign(outbox, { nextMessageAt: nextAtMs, failures });
  outbox.overflow = more + (flight?.more ?? 0);
  for (const [key, { atMs, isOpen, again, tellings }] of Object.entries(told)) {
    outbox.alerts.set(key, {
      ...newAlertState(outbox.channel, key, atMs),
      firingSince: isOpen ? (tellings[0] ?? atMs) : null,
      isNotified: isOpen,
      notifiedAt: tellings.at(-1) ?? (isOpen ? atMs : null),
      notifiedBefore: tellings.at(-2) ?? null,
      count: again,
    });
  }
  // A message that was in flight is sent again: a duplicate is better than a lost message.
  for (const { event, count, notBeforeMs } of [...held, ...(flight?.items ?? [])]) {
    const { key } = event;
    const state = outbox.alerts.get(key) ?? newAlertState(outbox.channel, key, notBeforeMs);
    const isEnd = isResolved(event);
    const isOver = isEnd || state.waiting?.resolved !== undefined;
    outbox.alerts.set(key, {
      ...state,
      firingSince: isOver ? null : (state.firingSince ?? notBeforeMs),
      waiting: isEnd ? { ...state.waiting, resolved: event } : { firing: event, ...state.waiting },
      count: state.count + (isEnd ? count - 1 : count),
      nextAttemptAt: notBeforeMs,
    });
  }
}
