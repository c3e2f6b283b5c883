import type { AlertEvent } from "../contract/alert-event.ts";

/** An alert of a message, and how often it came since somebody was told of it last. */
export interface MessageItem {
  readonly event: AlertEvent;
  /** Alerts that it stands for, itself included. */
  readonly count: number;
}

/** What a channel sends at once. */
export interface AlertMessage {
  readonly items: readonly MessageItem[];
  /** Alerts that nothing but their number is known of, because there were too many to keep. */
  readonly more: number;
  /** What the reader should know of the alerting itself. */
  readonly note?: string;
}

/** How many alerts a message stands for. */
export function countOf({ items, more }: AlertMessage): number {
  return items.reduce((sum, { count }) => sum + count, more);
}

/** A message about one alert. */
export function messageOf(event: AlertEvent): AlertMessage {
  return { items: [{ event, count: 1 }], more: 0 };
}
