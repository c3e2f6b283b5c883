import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { type Query, type SqlDatabase, StoreError } from "../databases/sql-database.ts";
import type { Clock } from "../run/clock.ts";
import { changeAlerts, ensureAlertTables, firingChannels, readAlerts } from "./alert-rows.ts";
import type { AlertState } from "./alert-state.ts";
import type { Outbox } from "./outbox.ts";
import { mergeAlerts, type StackAlerts } from "./stack-alerts.ts";

/** An alert is more urgent than its state: a store that takes longer counts as down. */
const STORE_MS = 3_000;

/** Pause before a store that is down is tried again. */
const TRY_AGAIN_MS = 30_000;

/** Alerts of one channel that a process remembers for the time in which the store is down. */
const REMEMBERED_MAX = 500;

export interface AlertStoreOptions {
  readonly database: SqlDatabase;
  readonly stack: string;
  /** The alerts of a version that kept them in one document. */
  readonly readOldAlerts: () => Promise<StackAlerts | undefined>;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Edits the alerts. It may run more than once. */
type Change<T> = (alerts: StackAlerts) => T;

/**
 * The alerts of a stack. Fails open: while the database is down, the process goes on with the alerts
 * that it used last, and merges them into the database when that is up again. The log and each
 * channel get one warning.
 */
export class AlertStore {
  readonly #options: AlertStoreOptions;
  #own: StackAlerts = { outboxes: new Map(), silences: [], recent: [], arrived: [] };
  /** Silences that the database has, so that a merge tells new from ended ones. */
  #storedSilences = new Set<string>();
  #isOldRead = false;
  #tryAgainAtMs: number | undefined;
  /** Why the database is down, with the remedy. */
  #whyDown = "";
  /** Channels whose readers know that the database is down. */
  #notified = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AlertStoreOptions) {
    this.#options = options;
  }

  /** Edits the alerts in one transaction; the pending ones and those with these keys are there. */
  change<T>(keys: readonly string[], work: Change<T>): Promise<T> {
    return this.#run(
      (stop) => this.#inTransaction(keys, work, stop),
      () => work(this.#own),
    );
  }

  read(): Promise<StackAlerts> {
    const { database, stack } = this.#options;
    const scope = { stack, dialect: database.dialect, keys: [] };
    return this.#run(
      () => readAlerts(database.query.bind(database), scope),
      () => this.#own,
    );
  }

  /** Whether the alert fires in one of the channels. */
  isFiring(key: string, channels: readonly string[]): Promise<boolean> {
    const { database, stack } = this.#options;
    return this.#run(
      async () => {
        const firing = await firingChannels(database.query.bind(database), stack, key);
        return firing.some((it) => channels.includes(it));
      },
      () => channels.some((it) => isFiringIn(this.#own.outboxes.get(it), key)),
    );
  }

  isDown(): boolean {
    return this.#tryAgainAtMs !== undefined;
  }

  /** Whether the rows outlive this process. */
  isKept(): boolean {
    return this.#options.database.isKept && !this.isDown();
  }

  /** What the readers of a channel should know of the store; undefined once they know it. */
  noteFor(channel: string): string | undefined {
    if (!this.isDown() || this.#notified.has(channel)) return undefined;
    return `${this.#whyDown} Until then alerts may come twice.`;
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
  }

  /** One after the other, so that a change finds what the one before left. */
  #run<T>(inDatabase: (stop: AbortSignal) => Promise<T>, inMemory: () => T): Promise<T> {
    const running = this.#last.then(() => this.#runNow(inDatabase, inMemory));
    this.#last = running.catch(() => {});
    return running;
  }

  async #runNow<T>(inDatabase: (stop: AbortSignal) => Promise<T>, inMemory: () => T): Promise<T> {
    const { log, clock, database } = this.#options;
    const waitMs = (this.#tryAgainAtMs ?? 0) - clock.now().getTime();
    // A longer wait comes from a clock that was set back.
    if (waitMs > 0 && waitMs <= TRY_AGAIN_MS) return inMemory();
    try {
      return await inTime(database.where, async (stop) => {
        await this.#prepare(stop);
        return await inDatabase(stop);
      });
    } catch (error) {
      // Anything else is a defect, and must not look like a store that is down.
      if (!(error instanceof StoreError)) throw error;
      if (!this.isDown()) {
        log.warn({ err: error }, "the alert store is down: alerts are sent, and may come twice");
      }
      this.#tryAgainAtMs = clock.now().getTime() + TRY_AGAIN_MS;
      this.#whyDown = error.message;
      return inMemory();
    }
  }

  /** Creates the tables, and merges the alerts of an older version and those of an outage. */
  async #prepare(stop: AbortSignal): Promise<void> {
    const { database, readOldAlerts, log } = this.#options;
    await ensureAlertTables(database);
    const old = this.#isOldRead ? undefined : await readOldAlerts();
    if (old) {
      await this.#inTransaction(
        keysOf(old),
        (alerts) => {
          if (alerts.outboxes.size === 0) mergeAlerts(alerts, old);
        },
        stop,
      );
    }
    this.#isOldRead = true;
    if (!this.isDown()) return;
    const own = this.#own;
    const stored = this.#storedSilences;
    await this.#inTransaction(keysOf(own), (alerts) => mergeAlerts(alerts, own, stored), stop);
    this.#tryAgainAtMs = undefined;
    this.#notified = new Set();
    log.info("the alert store is up again");
  }

  async #inTransaction<T>(keys: readonly string[], work: Change<T>, stop: AbortSignal): Promise<T> {
    const { database, stack, clock } = this.#options;
    const { dialect } = database;
    let changed = this.#own;
    const result = await database.transaction("change the alerts", (query: Query) => {
      const scope = { stack, dialect, keys, nowMs: clock.now().getTime() };
      return changeAlerts(query, scope, (alerts) => {
        // The process goes on without the store, so this transaction must not happen as well.
        stop.throwIfAborted();
        changed = alerts;
        return work(alerts);
      });
    });
    if (!stop.aborted) this.#remember(changed);
    return result;
  }

  /** Keeps what the next outage needs. The pending news stays in the database. */
  #remember({ outboxes, silences }: StackAlerts): void {
    for (const { channel, alerts } of outboxes.values()) {
      const known = this.#own.outboxes.get(channel.name)?.alerts ?? new Map<string, AlertState>();
      for (const it of alerts.values()) {
        known.delete(it.key);
        known.set(it.key, { ...it, waiting: {}, inFlight: null, count: 0 });
      }
      for (const key of [...known.keys()].slice(0, -REMEMBERED_MAX)) known.delete(key);
      const idle = { ...channel, groupUntil: null, overflow: 0, inFlight: null };
      this.#own.outboxes.set(channel.name, { channel: idle, alerts: known });
    }
    this.#own = { outboxes: this.#own.outboxes, silences, recent: [], arrived: [] };
    this.#storedSilences = new Set(silences.map(({ id }) => id));
  }
}

function isFiringIn(outbox: Outbox | undefined, key: string): boolean {
  return (outbox?.alerts.get(key)?.firingSince ?? null) !== null;
}

function keysOf({ outboxes }: StackAlerts): string[] {
  return [...outboxes.values()].flatMap(({ alerts }) => [...alerts.keys()]);
}

/** Rejects with a StoreError after STORE_MS, and then stops the work. */
async function inTime<T>(where: string, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = new AbortController();
  const limit = sleep(STORE_MS, undefined, { signal: timer.signal }).then(() => {
    const cause = new Error(`no answer within ${STORE_MS} ms`);
    const error = new StoreError({ where, verb: "change the alerts" }, cause);
    late.abort(error);
    throw error;
  });
  const working = work(late.signal);
  // The one that loses the race must not end the process.
  limit.catch(() => {});
  working.catch(() => {});
  try {
    return await Promise.race([working, limit]);
  } finally {
    timer.abort();
  }
}
