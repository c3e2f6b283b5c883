import { randomUUID } from "node:crypto";
import { type AlertEvent, isResolved } from "../contract/alert-event.ts";
import type { SqlDatabase } from "../databases/sql-database.ts";
import { openDocument } from "../state/documents.ts";
import type { Silence } from "./alert-rows.ts";
import type { StoredAlerts } from "./alert-merge.ts";
import { type AlertState, newAlertState } from "./alert-state.ts";
import { newChannel, type Outbox } from "./outbox.ts";
import type { RecentAlert } from "./recent-alerts.ts";

/** Name of the document. */
const DOCUMENT = "alerts";

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
