import { type AlertEvent, isOver } from "../../contract/alert-event.ts";

/** What is remembered of one channel between messages, in every process that has it. */
export interface ChannelMemory {
  /** Epoch milliseconds before which no message is sent: the rate limit, or what a server asked for. */
  readonly nextAtMs: number;
  /** The message that is being gathered is sent then. */
  readonly groupUntilMs?: number;
  /** Messages that could not be sent, since one could. */
  readonly failures: number;
  /** What somebody was told, by key. */
  readonly told: Readonly<Record<string, Told>>;
  /** Alerts for the next message. */
  readonly held: readonly HeldAlert[];
  /** Alerts that were too many to be held: they are counted. */
  readonly more: number;
  /** The message that is on its way. */
  readonly flight?: Flight;
}

/** What somebody was told of one key. */
export interface Told {
  /** When last; 0 for never. */
  readonly atMs: number;
  /** It was not told yet that it is over. */
  readonly isOpen: boolean;
  /** How often it came since the last message about it. */
  readonly again: number;
  /** When it was told to be wrong, the newest last; the last TELLINGS_MAX. */
  readonly tellings: readonly number[];
}

/** An alert for the next message. */
export interface HeldAlert {
  readonly event: AlertEvent;
  readonly count: number;
  /** Not before: it comes and goes too often. */
  readonly notBeforeMs: number;
  /** Messages with it that were refused for good. */
  readonly refusals?: number;
}

/** A message on its way. Whoever sends it and vanishes leaves it to others after `untilMs`. */
export interface Flight {
  readonly id: string;
  readonly untilMs: number;
  readonly items: readonly HeldAlert[];
  readonly more: number;
}

/** A channel that nothing was sent to. */
export const NEW_CHANNEL: ChannelMemory = {
  nextAtMs: 0,
  failures: 0,
  told: {},
  held: [],
  more: 0,
};

/** So much the clocks of two machines may differ; a time further ahead is of a clock that was wrong. */
export const CLOCKS_DIFFER_MS = 60_000;

/** Keys of one channel that are remembered, and for how long without news of them. */
const TOLD_MAX = 500;
const TOLD_DAYS = 7;
const DAY_MS = 24 * 3_600_000;

/** Alerts that are held with their texts; more than that are only counted. */
const HELD_MAX = 200;

/** A third message about the same within ten minutes waits, so that two are remembered. */
export const TELLINGS_MAX = 2;

/** Whether two alerts are the same: about one key, and both of its beginning or of its end. */
export function isSame(a: AlertEvent, b: AlertEvent): boolean {
  return a.key === b.key && isOver(a) === isOver(b);
}

/** The memory with these alerts for the next message; those that are too many are only counted. */
export function withHeld(memory: ChannelMemory, held: readonly HeldAlert[]): ChannelMemory {
  const tooMany = held.slice(HELD_MAX).reduce((sum, { count }) => sum + count, 0);
  return { ...memory, held: held.slice(0, HELD_MAX), more: memory.more + tooMany };
}

/** The keys of which there is the newest news, when they are too many. */
export function newestTold(told: ChannelMemory["told"]): ChannelMemory["told"] {
  const entries = Object.entries(told);
  if (entries.length <= TOLD_MAX) return told;
  const newestFirst = entries.toSorted(([, a], [, b]) => b.atMs - a.atMs);
  return Object.fromEntries(newestFirst.slice(0, TOLD_MAX));
}

/** The memory with another entry for a key, and without what is too old or too much. */
export function withTold(
  memory: ChannelMemory,
  entries: readonly (readonly [key: string, told: Told])[],
  nowMs: number,
): ChannelMemory {
  const told = Object.entries({ ...memory.told, ...Object.fromEntries(entries) }).filter(
    ([, { atMs }]) => nowMs - atMs < TOLD_DAYS * DAY_MS,
  );
  return { ...memory, told: newestTold(Object.fromEntries(told)) };
}

/**
 * The memory, when ends are not told because it began again. What such an end was to tell besides,
 * how often it came, is told with the next alert about it.
 */
export function withUntold(
  memory: ChannelMemory,
  ends: readonly HeldAlert[],
  nowMs: number,
): ChannelMemory {
  return ends.reduce((left, { event, count }) => {
    if (count === 1) return left;
    const told = left.told[event.key] ?? { atMs: nowMs, isOpen: false, again: 0, tellings: [] };
    return withTold(left, [[event.key, { ...told, again: told.again + count - 1 }]], nowMs);
  }, memory);
}
