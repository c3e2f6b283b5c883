import { randomUUID } from "node:crypto";
import { type AlertEvent, isResolved } from "../contract/alert-event.ts";
import type { SqlDatabase } from "../databases/sql-database.ts";
import { openDocument } from "../state/documents.ts";
import type { AlertRows, Silence } from "./alert-rows.ts";
import { type AlertState, isPending, itemsOf, newAlertState } from "./alert-state.ts";
import { newChannel, type Outbox, PENDING_MAX, pendingAlerts } from "./outbox.ts";
import type { RecentAlert, RecentRow } from "./recent-alerts.ts";

/** Name of the document. */
const DOCUMENT = "alerts";

/** Everything that is stored of a stack's alerts. */
export interface StoredAlerts {
  readonly outboxes: readonly Outbox[];
  readonly silences: readonly Silence[];
  /** Newest first. */
  readonly recent: readonly RecentRow[];
}

export async function readAlerts(rows: AlertRows): Promise<StoredAlerts> {
  return {
    outboxes: await rows.outboxes(await rows.channelNames(), "all"),
    silences: await rows.silences(),
    recent: await rows.recent(),
  };
}

/** Merges the alerts that one process kept while the store was down into the store. */
export async function mergeAlerts(rows: AlertRows, own: StoredAlerts): Promise<void> {
  const names = own.outboxes.map(({ channel }) => channel.name);
  const outboxes = await rows.outboxes(names, "all");
  for (const [index, outbox] of outboxes.entries()) {
    const other = own.outboxes[index];
    if (other) mergeOutbox(outbox, other);
  }
  await rows.saveOutboxes(outboxes);
  for (const it of own.silences) await rows.saveSilence(it);
  const stored = await rows.recent();
  const known = new Set(stored.map(({ alert }) => `${alert.key} ${alert.at}`));
  const added = own.recent.filter(({ alert }) => !known.has(`${alert.key} ${alert.at}`));
  const first = (stored[0]?.position ?? 0) + added.length;
  const moved = added.map((it, index) => ({ ...it, position: first - index }));
  await rows.saveRecent([...moved, ...stored]);
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
    const inFlight = channel.inFlight ? null : it.inFlight;
    mergeAlert(stored, { ...it, inFlight });
  }
}

function mergeAlert(stored: Outbox, own: AlertState): void {
  const before = stored.alerts.get(own.key);
  const merged = before ? mergedState(before, own) : own;
  const isOneMore = isPending(merged) && !(before && isPending(before));
  if (!isOneMore || pendingAlerts(stored).length < PENDING_MAX) {
    stored.alerts.set(own.key, merged);
    return;
  }
  const counts = itemsOf({ ...merged.waiting, count: merged.count }).map(({ count }) => count);
  const overflow = counts.reduce((sum, count) => sum + count, stored.channel.overflow);
  stored.channel = { ...stored.channel, overflow };
}

function mergedState(before: AlertState, own: AlertState): AlertState {
  const newer = own.updatedAt > before.updatedAt ? own : before;
  const { waiting } = before;
  return {
    ...newer,
    count: before.count + own.count,
    waiting: {
      firing: waiting.firing ?? own.waiting.firing,
      resolved: newer.firingSince === null ? (waiting.resolved ?? own.waiting.resolved) : undefined,
    },
    inFlight: before.inFlight ?? own.inFlight,
  };
}

/** The document in which older versions kept all alerts of a stack. */
interface OldAlerts {
  readonly channels?: Readonly<Record<string, OldChannel>>;
  readonly silences?: readonly Silence[];
  readonly recent?: readonly RecentAlert[];
}

interface OldChannel {
  readonly nextAtMs: number;
  readonly failures: number;
  readonly told: Readonly<Record<string, OldAlert>>;
  readonly held: readonly OldItem[];
  readonly more: number;
  readonly flight?: { readonly items: readonly OldItem[]; readonly more: number };
}

interface OldAlert {
  readonly atMs: number;
  readonly isOpen: boolean;
  readonly again: number;
  readonly tellings: readonly number[];
}

interface OldItem {
  readonly event: AlertEvent;
  readonly count: number;
  readonly notBeforeMs: number;
}

/** Reads the alerts of an older version, so that firing alerts are not sent again after an update. */
export async function readOldAlerts(
  database: SqlDatabase,
  stack: string,
): Promise<StoredAlerts | undefined> {
  const { text } = await openDocument(database, { stack, name: DOCUMENT }).read();
  return text === undefined ? undefined : convertOldAlerts(text);
}

/** The rows of an old document. An unreadable text has none. */
function convertOldAlerts(text: string): StoredAlerts | undefined {
  try {
    const { channels = {}, silences = [], recent = [] } = JSON.parse(text) as OldAlerts;
    return {
      outboxes: Object.entries(channels).map(([name, it]) => outboxOf(name, it)),
      silences,
      recent: recent.map((alert, index) => ({
        id: randomUUID(),
        position: recent.length - index,
        alert,
      })),
    };
  } catch {
    return undefined;
  }
}

function outboxOf(name: string, old: OldChannel): Outbox {
  const { nextAtMs, failures, told, held, more, flight } = old;
  const alerts = new Map(Object.entries(told).map(([key, it]) => [key, stateOf(key, it)]));
  // A message that was in flight is sent again: a duplicate is better than a lost message.
  for (const item of [...held, ...(flight?.items ?? [])]) {
    const { key } = item.event;
    const known = alerts.get(key) ?? newAlertState(key, item.notBeforeMs);
    alerts.set(key, withItem(known, item));
  }
  const overflow = more + (flight?.more ?? 0);
  return { channel: { ...newChannel(name), nextMessageAt: nextAtMs, failures, overflow }, alerts };
}

function stateOf(key: string, { atMs, isOpen, again, tellings }: OldAlert): AlertState {
  return {
    ...newAlertState(key, atMs),
    firingSince: isOpen ? (tellings[0] ?? atMs) : null,
    isNotified: isOpen,
    notifiedAt: tellings.at(-1) ?? (isOpen ? atMs : null),
    notifiedBefore: tellings.at(-2) ?? null,
    count: again,
  };
}

function withItem(state: AlertState, { event, count, notBeforeMs }: OldItem): AlertState {
  const { firing, resolved } = state.waiting;
  const isEnd = isResolved(event);
  return {
    ...state,
    firingSince: isEnd || resolved ? null : (state.firingSince ?? notBeforeMs),
    waiting: isEnd ? { firing, resolved: event } : { firing: firing ?? event, resolved },
    count: state.count + (isEnd ? count - 1 : count),
    nextAttemptAt: notBeforeMs,
  };
}
