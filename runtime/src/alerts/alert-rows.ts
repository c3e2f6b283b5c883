import type { Query, Row, SqlDatabase, SqlValue } from "../databases/sql-database.ts";
import type { AlertNews, AlertState } from "./alert-state.ts";
import { type ChannelState, type InFlightMessage, newChannel, type Outbox } from "./outbox.ts";
import { RECENT_MAX, type RecentAlert, type RecentRow } from "./recent-alerts.ts";

/** A time in which operators do not want alerts: a row of the alert store. */
export interface Silence {
  readonly id: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly by: string;
  /** Part of the keys of the silenced alerts; without it all alerts are silenced. */
  readonly match?: string;
}

/** Alerts of one channel without pending news: how many are kept, and for how long. */
const SETTLED_MAX = 500;
const SETTLED_MS = 7 * 24 * 3_600_000;

const DDL = `
  CREATE TABLE IF NOT EXISTS opspec.opspec_alert_channels (
    stack text NOT NULL, channel text NOT NULL, next_message_at bigint NOT NULL,
    failures bigint NOT NULL, group_until bigint, overflow bigint NOT NULL, in_flight text,
    PRIMARY KEY (stack, channel)
  );
  CREATE TABLE IF NOT EXISTS opspec.opspec_alerts (
    stack text NOT NULL, channel text NOT NULL, key text NOT NULL, firing_since bigint,
    is_notified bigint NOT NULL, notified_at bigint, notified_before bigint, count bigint NOT NULL,
    waiting text, next_attempt_at bigint NOT NULL, refusals bigint NOT NULL, in_flight text,
    updated_at bigint NOT NULL, PRIMARY KEY (stack, channel, key)
  );
  CREATE TABLE IF NOT EXISTS opspec.opspec_silences (
    stack text NOT NULL, id text NOT NULL, silence text NOT NULL, PRIMARY KEY (stack, id)
  );
  CREATE TABLE IF NOT EXISTS opspec.opspec_recent_alerts (
    stack text NOT NULL, id text NOT NULL, position bigint NOT NULL, alert text NOT NULL,
    PRIMARY KEY (stack, id)
  );`;

const SELECT_CHANNEL =
  "SELECT * FROM opspec.opspec_alert_channels WHERE stack = $1 AND channel = $2";

const SELECT_NAMES =
  "SELECT channel FROM opspec.opspec_alert_channels WHERE stack = $1 ORDER BY channel";

const SELECT_ALL = `
  SELECT * FROM opspec.opspec_alerts WHERE stack = $1 AND channel = $2
  ORDER BY next_attempt_at, updated_at, key`;

/** The keys are one JSON array, so that the statement always has the same text. */
const SELECT_ALERTS = {
  sqlite: selectAlerts("SELECT value FROM json_each($3)"),
  postgres: selectAlerts("SELECT json_array_elements_text(CAST($3 AS json))"),
};

const SELECT_FIRING = `
  SELECT channel FROM opspec.opspec_alerts
  WHERE stack = $1 AND key = $2 AND firing_since IS NOT NULL`;

const CLEAR = "UPDATE opspec.opspec_alerts SET firing_since = NULL WHERE stack = $1 AND key = $2";

const DELETE_SETTLED = `
  DELETE FROM opspec.opspec_alerts
  WHERE stack = $1 AND channel = $2 AND waiting IS NULL AND in_flight IS NULL
  AND (updated_at < $3 OR key NOT IN (
    SELECT key FROM opspec.opspec_alerts
    WHERE stack = $1 AND channel = $2 AND waiting IS NULL AND in_flight IS NULL
    ORDER BY updated_at DESC LIMIT ${SETTLED_MAX}
  ))`;

const SELECT_SILENCES = "SELECT silence FROM opspec.opspec_silences WHERE stack = $1";

const DELETE_SILENCE = "DELETE FROM opspec.opspec_silences WHERE stack = $1 AND id = $2";

const SELECT_RECENT = `
  SELECT id, position, alert FROM opspec.opspec_recent_alerts
  WHERE stack = $1 ORDER BY position DESC LIMIT ${RECENT_MAX}`;

const DELETE_RECENT = "DELETE FROM opspec.opspec_recent_alerts WHERE stack = $1 AND position < $2";

/** Creates the tables where they are missing. */
export function ensureAlertTables(database: SqlDatabase): Promise<void> {
  return database.ensure("opspec_recent_alerts", DDL);
}

export interface AlertRowsOptions {
  readonly stack: string;
  readonly dialect: SqlDatabase["dialect"];
  readonly nowMs: number;
  /** Called with what is read and written. */
  readonly onOutbox?: ((outbox: Outbox) => void) | undefined;
  readonly onSilences?: ((silences: readonly Silence[]) => void) | undefined;
}

/** The alert rows of one stack, as one transaction sees them. Only changed rows are written. */
export class AlertRows {
  readonly #query: Query;
  readonly #options: AlertRowsOptions;
  /** The rows as they are in the database. */
  readonly #stored = new Set<string>();

  constructor(query: Query, options: AlertRowsOptions) {
    this.#query = query;
    this.#options = options;
  }

  /** The channels, each with its pending alerts and those with these keys. */
  async outboxes(channels: readonly string[], keys: readonly string[] | "all"): Promise<Outbox[]> {
    const outboxes: Outbox[] = [];
    for (const name of channels) outboxes.push(await this.#outbox(name, keys));
    return outboxes;
  }

  async #outbox(name: string, keys: readonly string[] | "all"): Promise<Outbox> {
    const { stack, dialect } = this.#options;
    const [found] = await this.#query("read a channel", SELECT_CHANNEL, [stack, name]);
    const channel = found ? channelOf(name, found) : newChannel(name);
    if (found) this.#note("opspec_alert_channels", channelFields(channel));
    const rows =
      keys === "all"
        ? await this.#query("read the alerts", SELECT_ALL, [stack, name])
        : await this.#query("read the alerts", SELECT_ALERTS[dialect], [
            stack,
            name,
            JSON.stringify(keys),
          ]);
    const alerts = rows.map(alertOf);
    for (const it of alerts) this.#note("opspec_alerts", alertFields(name, it));
    return { channel, alerts: new Map(alerts.map((it) => [it.key, it])) };
  }

  async saveOutboxes(outboxes: readonly Outbox[]): Promise<void> {
    const { stack, nowMs, onOutbox } = this.#options;
    for (const outbox of outboxes) {
      const { name } = outbox.channel;
      await this.#save("opspec_alert_channels", ["channel"], channelFields(outbox.channel));
      for (const it of outbox.alerts.values()) {
        await this.#save("opspec_alerts", ["channel", "key"], alertFields(name, it));
      }
      const limits = [stack, name, nowMs - SETTLED_MS];
      if (outbox.alerts.size > 0) await this.#query("delete old alerts", DELETE_SETTLED, limits);
      onOutbox?.(outbox);
    }
  }

  async channelNames(): Promise<string[]> {
    const rows = await this.#query("read the channels", SELECT_NAMES, [this.#options.stack]);
    return rows.map(({ channel }) => String(channel));
  }

  /** Whether the alert fires in one of the channels. */
  async isFiring(key: string, channels: readonly string[]): Promise<boolean> {
    const rows = await this.#query("read an alert", SELECT_FIRING, [this.#options.stack, key]);
    return rows.some(({ channel }) => channels.includes(String(channel)));
  }

  /** Marks an alert as resolved in all channels. */
  async clear(key: string): Promise<void> {
    await this.#query("clear an alert", CLEAR, [this.#options.stack, key]);
  }

  async silences(): Promise<Silence[]> {
    const rows = await this.#query("read the silences", SELECT_SILENCES, [this.#options.stack]);
    const silences = rows.map(({ silence }) => JSON.parse(String(silence)) as Silence);
    this.#options.onSilences?.(silences);
    return silences;
  }

  async saveSilence(silence: Silence): Promise<void> {
    const row = { id: silence.id, silence: JSON.stringify(silence) };
    await this.#save("opspec_silences", ["id"], row);
  }

  async deleteSilence(id: string): Promise<void> {
    await this.#query("delete a silence", DELETE_SILENCE, [this.#options.stack, id]);
  }

  /** Newest first. */
  async recent(): Promise<RecentRow[]> {
    const rows = await this.#query("read recent alerts", SELECT_RECENT, [this.#options.stack]);
    const recent = rows.map(recentOf);
    for (const it of recent) this.#note("opspec_recent_alerts", recentFields(it));
    return recent;
  }

  async saveRecent(recent: readonly RecentRow[]): Promise<void> {
    for (const it of recent) await this.#save("opspec_recent_alerts", ["id"], recentFields(it));
    const oldest = recent[RECENT_MAX - 1];
    if (!oldest) return;
    const values = [this.#options.stack, oldest.position];
    await this.#query("delete old alerts", DELETE_RECENT, values);
  }

  #note(table: string, row: Fields): void {
    this.#stored.add(JSON.stringify([table, row]));
  }

  async #save(table: string, keys: readonly string[], row: Fields): Promise<void> {
    if (this.#stored.has(JSON.stringify([table, row]))) return;
    this.#note(table, row);
    const text = upsertText(table, ["stack", ...keys], ["stack", ...Object.keys(row)]);
    await this.#query("save the alerts", text, [this.#options.stack, ...Object.values(row)]);
  }
}

/** The columns of a row besides the stack. */
type Fields = Readonly<Record<string, SqlValue>>;

function selectAlerts(keys: string): string {
  return `
    SELECT * FROM opspec.opspec_alerts WHERE stack = $1 AND channel = $2
    AND (waiting IS NOT NULL OR in_flight IS NOT NULL OR key IN (${keys}))
    ORDER BY next_attempt_at, updated_at, key`;
}

function upsertText(table: string, keys: readonly string[], names: readonly string[]): string {
  const set = names.filter((it) => !keys.includes(it)).map((it) => `${it} = excluded.${it}`);
  const places = names.map((_, index) => `$${index + 1}`);
  return `INSERT INTO opspec.${table} (${names.join(", ")}) VALUES (${places.join(", ")})
    ON CONFLICT (${keys.join(", ")}) DO UPDATE SET ${set.join(", ")}`;
}

function channelFields(channel: ChannelState): Fields {
  return {
    channel: channel.name,
    next_message_at: channel.nextMessageAt,
    failures: channel.failures,
    group_until: channel.groupUntil,
    overflow: channel.overflow,
    in_flight: channel.inFlight && JSON.stringify(channel.inFlight),
  };
}

function channelOf(name: string, row: Row): ChannelState {
  return {
    name,
    nextMessageAt: Number(row["next_message_at"]),
    failures: Number(row["failures"]),
    groupUntil: numberOrNull(row["group_until"]),
    overflow: Number(row["overflow"]),
    inFlight: jsonOrNull<InFlightMessage>(row["in_flight"]),
  };
}

function alertFields(channel: string, alert: AlertState): Fields {
  const { firing, resolved } = alert.waiting;
  return {
    channel,
    key: alert.key,
    firing_since: alert.firingSince,
    is_notified: alert.isNotified ? 1 : 0,
    notified_at: alert.notifiedAt,
    notified_before: alert.notifiedBefore,
    count: alert.count,
    waiting: firing || resolved ? JSON.stringify({ firing, resolved }) : null,
    next_attempt_at: alert.nextAttemptAt,
    refusals: alert.refusals,
    in_flight: alert.inFlight && JSON.stringify(alert.inFlight),
    updated_at: alert.updatedAt,
  };
}

function alertOf(row: Row): AlertState {
  return {
    key: String(row["key"]),
    firingSince: numberOrNull(row["firing_since"]),
    isNotified: Number(row["is_notified"]) === 1,
    notifiedAt: numberOrNull(row["notified_at"]),
    notifiedBefore: numberOrNull(row["notified_before"]),
    count: Number(row["count"]),
    waiting: jsonOrNull<AlertNews>(row["waiting"]) ?? {},
    nextAttemptAt: Number(row["next_attempt_at"]),
    refusals: Number(row["refusals"]),
    inFlight: jsonOrNull<NonNullable<AlertState["inFlight"]>>(row["in_flight"]),
    updatedAt: Number(row["updated_at"]),
  };
}

function recentFields({ id, position, alert }: RecentRow): Fields {
  return { id, position, alert: JSON.stringify(alert) };
}

function recentOf({ id, position, alert }: Row): RecentRow {
  const parsed = JSON.parse(String(alert)) as RecentAlert;
  return { id: String(id), position: Number(position), alert: parsed };
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}

/** Rows of ours have the shape that this module wrote. */
function jsonOrNull<T>(value: unknown): T | null {
  return value === null ? null : (JSON.parse(String(value)) as T);
}
