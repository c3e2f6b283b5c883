import type { AlertEvent, Delivery } from "../../contract/alert-event.ts";
import { type ChannelMemory, CLOCKS_DIFFER_MS, NEW_CHANNEL } from "./channel-memory.ts";

/** All that is remembered of a stack's alerts, whichever process had to tell them. */
export interface AlertBook {
  readonly channels: Readonly<Record<string, ChannelMemory>>;
  readonly silences: readonly Silence[];
  /** Newest first. */
  readonly recent: readonly RecentAlert[];
}

/** An operator wants to hear nothing for a while. */
export interface Silence {
  readonly id: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly by: string;
  /** Part of the key of the alerts that are meant; without it all of them. */
  readonly match?: string;
}

/** An alert as operators look back at it. */
export interface RecentAlert {
  readonly key: string;
  readonly kind: AlertEvent["kind"];
  readonly title: string;
  readonly process: string;
  readonly job?: string;
  /** When it came first and last, ISO 8601 in UTC. */
  readonly at: string;
  readonly lastAt: string;
  readonly count: number;
  /** What became of it, by channel. */
  readonly deliveries: Readonly<Record<string, Delivery>>;
}

/** Alerts that are looked back at. */
export const RECENT_MAX = 100;

export const EMPTY_BOOK: AlertBook = { channels: {}, silences: [], recent: [] };

/** The book that was stored; a text that is none is an empty one, so that alerts go on. */
export function parseBook(text: string | undefined): AlertBook {
  if (text === undefined) return EMPTY_BOOK;
  try {
    // What we stored ourselves is believed to have its shape.
    return { ...EMPTY_BOOK, ...(JSON.parse(text) as Partial<AlertBook>) };
  } catch {
    return EMPTY_BOOK;
  }
}

export function channelOf(book: AlertBook, name: string): ChannelMemory {
  return book.channels[name] ?? NEW_CHANNEL;
}

export function withChannel(book: AlertBook, name: string, memory: ChannelMemory): AlertBook {
  return { ...book, channels: { ...book.channels, [name]: memory } };
}

/** The silence that holds for an alert now. */
export function silenceOf(
  { silences }: AlertBook,
  { key }: Pick<AlertEvent, "key">,
  nowMs: number,
): Silence | undefined {
  const isMeant = ({ match }: Silence) =>
    match === undefined || key.toLowerCase().includes(match.toLowerCase());
  // One that begins later is of a clock that was ahead, and would last too long.
  const isNow = ({ sinceMs, untilMs }: Silence) =>
    sinceMs <= nowMs + CLOCKS_DIFFER_MS && untilMs > nowMs;
  return silences.find((it) => isNow(it) && isMeant(it));
}

/** With an alert among the last ones; one that only comes again counts on the line of the first. */
export function withRecent(
  book: AlertBook,
  event: AlertEvent,
  deliveries: Readonly<Record<string, Delivery>>,
): AlertBook {
  const { key, kind, title, process, job, at } = event;
  const newest = book.recent.find((it) => it.key === key);
  const isNews = Object.values(deliveries).includes("held");
  const about = { key, kind, title, process, ...(job === undefined ? {} : { job }), lastAt: at };
  if (newest?.kind === kind && !isNews) {
    const counted = { ...newest, lastAt: at, count: newest.count + 1 };
    return { ...book, recent: [counted, ...book.recent.filter((it) => it !== newest)] };
  }
  const first = { ...about, at, count: 1, deliveries };
  return { ...book, recent: [first, ...book.recent].slice(0, RECENT_MAX) };
}

/** With what became of alerts that were held at a channel. */
export function withDelivery(
  book: AlertBook,
  events: readonly AlertEvent[],
  { channel, delivery }: { readonly channel: string; readonly delivery: Delivery },
): AlertBook {
  const isMeant = (it: RecentAlert) =>
    events.some(({ key, kind }) => it.key === key && it.kind === kind) &&
    ["held", "error"].includes(it.deliveries[channel] ?? "");
  const recent = book.recent.map((it) =>
    isMeant(it) ? { ...it, deliveries: { ...it.deliveries, [channel]: delivery } } : it,
  );
  return { ...book, recent };
}
