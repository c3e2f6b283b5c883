import { type AlertState, isPending, itemsOf } from "./alert-state.ts";
import type { AlertRows, Silence } from "./alert-rows.ts";
import { type Outbox, PENDING_MAX, pendingAlerts } from "./outbox.ts";
import type { RecentRow } from "./recent-alerts.ts";

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
