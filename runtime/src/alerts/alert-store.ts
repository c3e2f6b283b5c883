import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Query, SqlDatabase } from "../databases/sql-database.ts";
import { MEMORY, openSqlite } from "../databases/sqlite-database.ts";
import type { Clock } from "../run/clock.ts";
import { mergeAlerts, readAlerts, type StoredAlerts } from "./stored-alerts.ts";
import { AlertRows, ensureAlertTables, type Silence } from "./alert-rows.ts";
import type { AlertState } from "./alert-state.ts";
import type { Outbox } from "./outbox.ts";

/** An alert is more urgent than its state: a store that takes longer counts as down. */
const STORE_MS = 3_000;

/** Pause before a store that is down is tried again. */
const TRY_AGAIN_MS = 30_000;

/** Alerts of one channel that a process remembers for the time in which the store is down. */
const KNOWN_MAX = 500;

const NOTE = "The store of alerts is down, so alerts may come twice.";

export interface AlertStoreOptions {
  readonly database: SqlDatabase;
  readonly stack: string;
  /** The alerts of a version that kept them in one document. */
  readonly readOldAlerts: () => Promise<StoredAlerts | undefined>;
  readonly log: Logger;
  readonly clock: Clock;
}

/** The rows in memory that are used while the store is down. */
interface Fallback {
  readonly database: SqlDatabase;
  changes: number;
  tryAgainAtMs: number;
}

type Work<T> = (rows: AlertRows) => Promise<T>;

/**
 * The alert rows of a stack. Fails open: while the database is down, the process goes on with rows in
 * memory, beginning with those it used last. They are merged into the database when it is up again.
 * The log and each channel get one warning.
 */
export class AlertStore {
  readonly #options: AlertStoreOptions;
  readonly #known = new KnownAlerts();
  #isOldRead = false;
  #fallback: Fallback | undefined;
  /** Channels whose readers know that the database is down. */
  #notified = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AlertStoreOptions) {
    this.#options = options;
  }

  /** Runs `work` in one transaction. `work` may run more than once and awaits only its rows. */
  change<T>(work: Work<T>): Promise<T> {
    return this.#run(work, false);
  }

  /** Runs `work` without a transaction. */
  read<T>(work: Work<T>): Promise<T> {
    return this.#run(work, true);
  }

  /** Whether the rows outlive this process. */
  isKept(): boolean {
    return this.#options.database.isKept && this.#fallback === undefined;
  }

  /** What the readers of a channel should know of the store; undefined once they were told. */
  noteFor(channel: string): string | undefined {
    return this.#fallback && !this.#notified.has(channel) ? NOTE : undefined;
  }

  noteDelivered(channel: string): void {
    this.#notified.add(channel);
  }

  /** Waits for changes. The database is closed by its owner. */
  async close(): Promise<void> {
    for (let seen; seen !== this.#last;) {
      seen = this.#last;
      await seen;
    }
    await this.#fallback?.database.close();
  }

  /** One after the other, so that a change finds the rows of the one before. */
  #run<T>(work: Work<T>, isRead: boolean): Promise<T> {
    const running = this.#last.then(() => this.#runNow(work, isRead));
    this.#last = running.catch(() => {});
    return running;
  }

  async #runNow<T>(work: Work<T>, isRead: boolean): Promise<T> {
    const { log, clock } = this.#options;
    const waitMs = (this.#fallback?.tryAgainAtMs ?? 0) - clock.now().getTime();
    // A longer wait comes from a clock that was set back.
    if (waitMs > 0 && waitMs <= TRY_AGAIN_MS) return this.#inMemory(work);
    try {
      return await inTime(this.#inDatabase(work, isRead));
    } catch (error) {
      if (!this.#fallback) {
        log.warn({ err: error }, "the alert store is down: alerts are sent, and may come twice");
      }
      const result = await this.#inMemory(work);
      if (this.#fallback) this.#fallback.tryAgainAtMs = clock.now().getTime() + TRY_AGAIN_MS;
      return result;
    }
  }

  async #inDatabase<T>(work: Work<T>, isRead: boolean): Promise<T> {
    const { database, readOldAlerts } = this.#options;
    const own = this.#fallback;
    const changes = own?.changes;
    await ensureAlertTables(database);
    const old = this.#isOldRead ? undefined : await readOldAlerts();
    const kept = own && this.#known.without(await readAlerts(this.#plainRows(own.database)));
    const isPlain = isRead && !old && !kept;
    const result = isPlain
      ? await work(this.#plainRows(database))
      : await database.transaction("change the alerts", async (query) => {
          const rows = this.#rows(database, query);
          if (old && (await rows.channelNames()).length === 0) await mergeAlerts(rows, old);
          if (kept) await mergeAlerts(rows, kept);
          return work(rows);
        });
    this.#isOldRead = true;
    // Rows that changed since they were read are merged by the next change.
    if (own && this.#fallback === own && own.changes === changes) await this.#endFallback(own);
    return result;
  }

  async #endFallback({ database }: Fallback): Promise<void> {
    this.#options.log.info("the alert store is up again");
    this.#fallback = undefined;
    this.#notified = new Set();
    await database.close();
  }

  async #inMemory<T>(work: Work<T>): Promise<T> {
    const fallback = (this.#fallback ??= {
      database: openSqlite(MEMORY),
      changes: 0,
      tryAgainAtMs: 0,
    });
    const { database } = fallback;
    await ensureAlertTables(database);
    fallback.changes += 1;
    const isFirst = fallback.changes === 1;
    return database.transaction("change the alerts", async (query) => {
      const rows = this.#rows(database, query);
      if (isFirst) await mergeAlerts(rows, this.#known.all());
      return work(rows);
    });
  }

  #plainRows(database: SqlDatabase): AlertRows {
    return this.#rows(database, (verb, text, values) => database.query(verb, text, values));
  }

  /** Only the rows of the real database are remembered. */
  #rows(database: SqlDatabase, query: Query): AlertRows {
    const { stack, clock } = this.#options;
    const options = { stack, dialect: database.dialect, nowMs: clock.now().getTime() };
    if (database !== this.#options.database) return new AlertRows(query, options);
    return new AlertRows(query, {
      ...options,
      onOutbox: (outbox) => this.#known.addOutbox(outbox),
      onSilences: (silences) => this.#known.setSilences(silences),
    });
  }
}

/** The rows that a process used last, without the pending news, which stays in the database. */
class KnownAlerts {
  readonly #outboxes = new Map<string, Outbox>();
  #silences: readonly Silence[] = [];

  all(): StoredAlerts {
    return { outboxes: [...this.#outboxes.values()], silences: this.#silences, recent: [] };
  }

  /** Without the known silences, which another process may have ended. */
  without(all: StoredAlerts): StoredAlerts {
    const known = new Set(this.#silences.map(({ id }) => id));
    return { ...all, silences: all.silences.filter(({ id }) => !known.has(id)) };
  }

  setSilences(silences: readonly Silence[]): void {
    this.#silences = silences;
  }

  addOutbox({ channel, alerts }: Outbox): void {
    const known = this.#outboxes.get(channel.name)?.alerts ?? new Map<string, AlertState>();
    for (const it of alerts.values()) {
      known.delete(it.key);
      known.set(it.key, { ...it, waiting: {}, inFlight: null, count: 0 });
    }
    for (const key of [...known.keys()].slice(0, -KNOWN_MAX)) known.delete(key);
    const settled = { ...channel, groupUntil: null, overflow: 0, inFlight: null };
    this.#outboxes.set(channel.name, { channel: settled, alerts: known });
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(STORE_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${STORE_MS} ms`);
  });
  // The one that loses the race must not end the process.
  late.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
