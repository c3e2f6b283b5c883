import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Clock } from "../../run/clock.ts";
import { changeDocument, type SharedDocument } from "../../state/stores/document.ts";
import { type AlertBook, EMPTY_BOOK, parseBook } from "./alert-book.ts";
import { mergedBook } from "./merged-book.ts";

/** A store that takes longer is away: an alert is more urgent than its memory. */
const STORE_MS = 3_000;

/** A store that is away is asked again after so long. */
const ASK_AGAIN_MS = 30_000;

const STORE_AWAY = "the store of alerts is away: alerts go on, and may come twice";
const NOTE = "The store of alerts is away, so alerts may come twice.";

/** Changes the book, whether its store is there or not. It does not throw. */
export interface BookKeeper {
  /** Whether what is in the book outlives this process now. */
  readonly isKept: () => boolean;
  /** `work` may be called more than once; without a book from it nothing is written. */
  change<T>(work: (book: AlertBook) => { book?: AlertBook; result: T }): Promise<T>;
  /** What the readers of a channel should know of the store, until they were told; once each time that it goes away. */
  noteFor(channel: string): string | undefined;
  noteTold(channel: string): void;
  close(): Promise<void>;
}

interface KeeperOptions {
  readonly open: () => Promise<SharedDocument>;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * Fails open: while the store is away the process remembers by itself, from what it knew last, and
 * what it remembered goes into the store when that is back. That is told once.
 */
export function keepBook({ open, log, clock }: KeeperOptions): BookKeeper {
  let opened: Promise<SharedDocument> | undefined;
  let isKept = false;
  let known = EMPTY_BOOK;
  /** What happened while the store is away, and when it is asked again. */
  let away: { book: AlertBook; askAtMs: number } | undefined;
  let toldTo = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();

  const inStore = async <T>(work: Work<T>): Promise<T> => {
    const own = away?.book;
    const document = await (opened ??= open());
    isKept = document.isKept;
    const { now, result } = await changeDocument(document, (text) => {
      const stored = parseBook(text);
      const before = own ? mergedBook(stored, own) : stored;
      const done = work(before);
      const after = done.book ?? (own ? before : undefined);
      const outcome = { now: done.book ?? before, result: done.result };
      return { text: after && JSON.stringify(after), result: outcome };
    });
    known = now;
    // An answer that came too late is no news: meanwhile the process went on by itself.
    if (away?.book === own) {
      if (away) log.info("the store of alerts is back");
      away = undefined;
      toldTo = new Set();
    }
    return result;
  };
  const alone = <T>(work: Work<T>): T => {
    away ??= { book: { ...known, channels: toldOnly(known) }, askAtMs: 0 };
    const { book, result } = work(away.book);
    if (book) away = { ...away, book };
    return result;
  };
  const changeNow = async <T>(work: Work<T>): Promise<T> => {
    const waitMs = away ? away.askAtMs - clock.now().getTime() : 0;
    // A longer wait is of a clock that was set back.
    if (waitMs > 0 && waitMs <= ASK_AGAIN_MS) return alone(work);
    try {
      return await inTime(inStore(work));
    } catch (error) {
      if (!away) log.warn({ err: error }, STORE_AWAY);
      const result = alone(work);
      if (away) away = { ...away, askAtMs: clock.now().getTime() + ASK_AGAIN_MS };
      return result;
    }
  };
  return {
    isKept: () => isKept && away === undefined,
    change: (work) => {
      const changing = last.then(() => changeNow(work));
      last = changing.catch(() => {});
      return changing;
    },
    noteFor: (channel) => (away && !toldTo.has(channel) ? NOTE : undefined),
    noteTold: (channel) => void toldTo.add(channel),
    close: async () => {
      for (let seen; seen !== last;) {
        seen = last;
        await seen;
      }
      await opened?.then((document) => document.close()).catch(() => {});
    },
  };
}

type Work<T> = (book: AlertBook) => { book?: AlertBook; result: T };

/** What waits in the store stays there: only what was told is remembered meanwhile. */
function toldOnly({ channels }: AlertBook): AlertBook["channels"] {
  return Object.fromEntries(
    Object.entries(channels).map(([name, { told, nextAtMs, failures }]) => [
      name,
      { told, nextAtMs, failures, held: [], more: 0 },
    ]),
  );
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(STORE_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${STORE_MS} ms`);
  });
  // Whichever comes second is of no interest, and must not end the process.
  late.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
