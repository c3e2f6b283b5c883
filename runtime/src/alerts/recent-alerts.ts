import { randomUUID } from "node:crypto";
import type { AlertEvent, Delivery } from "../contract/alert-event.ts";
import type { Outgoing } from "./outbox.ts";

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
