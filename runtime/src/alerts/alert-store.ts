import type { Logger } from "pino";
import { type Query, type SqlDatabase, StoreError } from "../databases/sql-database.ts";
import type { Clock } from "../run/clock.ts";
import { changeAlerts, ensureAlertTables, firingChannels, readAlerts } from "./alert-rows.ts";
import { noAlerts, type StackAlerts } from "./alert-state.ts";
import { readOldAlerts } from "./old-alerts.ts";
import { mergeAlerts } from "./stack-alerts.ts";

/** An alert is more urgent than its state: a store that takes longer counts as down. */
const STORE_MS = 3_000;

/** Pause before a store that is down is tried again. */
const TRY_AGAIN_MS = 30_000;

/** Alerts of one channel that a process remembers for the time in which the store is down. */
const REMEMBERED_MAX = 500;

export interface AlertStoreOptions {
  readonly database: SqlDatabase;
  readonly stack: string;
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
  #own = noAlerts();
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
  async isFiring(key: string, channels: readonly string[]): Promise<boolean> {
    const { database, stack } = this.#options;
    const firing = await this.#run(
      () => firingChannels(database.query.bind(database), stack, key),
      () =>
        [...this.#own.outboxes.values()].flatMap(({ channel, alerts }) =>
          (alerts.get(key)?.firingSince ?? null) === null ? [] : channel,
        ),
    );
    return firing.some((it) => channels.includes(it));
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
        return inDatabase(stop);
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
    const { database, stack, log } = this.#options;
    const merge = (own: StackAlerts, work: Change<void>) =>
      this.#inTransaction(
        [...own.outboxes.values()].flatMap(({ alerts }) => [...alerts.keys()]),
        work,
        stop,
      );
    await ensureAlertTables(database);
    const old = this.#isOldRead ? undefined : await readOldAlerts(database, stack);
    if (old) {
      await merge(old, (alerts) => {
        if (alerts.outboxes.size === 0) mergeAlerts(alerts, old);
      });
    }
    this.#isOldRead = true;
    if (!this.isDown()) return;
    const own = this.#own;
    const stored = this.#storedSilences;
    await merge(own, (alerts) => mergeAlerts(alerts, own, stored));
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
    for (const it of outboxes.values()) {
      const alerts = this.#own.outboxes.get(it.channel)?.alerts ?? new Map();
      for (const state of it.alerts.values()) {
        alerts.delete(state.key);
        alerts.set(state.key, { ...state, waiting: null, inFlight: null, count: 0 });
      }
      for (const key of [...alerts.keys()].slice(0, -REMEMBERED_MAX)) alerts.delete(key);
      const idle = { ...it, groupUntil: null, overflow: 0, inFlight: null, alerts };
      this.#own.outboxes.set(it.channel, idle);
    }
    this.#own = { ...noAlerts(), outboxes: this.#own.outboxes, silences };
    this.#storedSilences = new Set(silences.map(({ id }) => id));
  }
}

/** Rejects with a StoreError after STORE_MS, and then stops the work. */
function inTime<T>(where: string, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = AbortSignal.timeout(STORE_MS);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cause = new Error(`no answer within ${STORE_MS} ms`);
  stop.addEventListener("abort", () => {
    reject(new StoreError({ where, verb: "change the alerts" }, cause));
  });
  return Promise.race([work(stop), late]);
}
