import type { StoredAlert } from "../contract/alert-event.ts";
import type { Query, Row, SqlDatabase, SqlValue } from "../databases/sql-database.ts";
import type { AlertState } from "./alert-state.ts";
import { type ChannelState, newChannel, type Outbox } from "./outbox.ts";
import type { RecentRow } from "./recent-alerts.ts";

/** A time in which operators do not want alerts. */
export interface Silence {
  readonly id: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly by: string;
  /** Part of the keys of the silenced alerts; without it all alerts are silenced. */
  readonly match?: string;
}

/** The alerts of one stack, as one change sees them. A change edits this object. */
export interface StackAlerts {
  /** By channel, each with its pending alerts and those that the change asked for. */
  readonly outboxes: Map<string, Outbox>;
  silences: readonly Silence[];
  /** Newest first. */
  recent: readonly RecentRow[];
  /** Alerts that were stored with a run record and are not yet admitted to the channels. */
  arrived: readonly StoredAlert[];
}

/** Alerts of one channel without pending news: how many are kept, and for how long. */
const SETTLED_MAX = 500;
const SETTLED_MS = 7 * 24 * 3_600_000;

/** Type of a column; `?` allows NULL. A flag is 0 or 1, and JSON is text. */
type ColumnType = "text" | "bigint" | "bigint?" | "flag" | "json" | "json?";

/** The fields of its objects, which are its columns in snake case. Every table has a `stack` too. */
interface Table {
  readonly name: string;
  readonly keys: readonly string[];
  readonly columns: Readonly<Record<string, ColumnType>>;
}

const CHANNELS: Table = {
  name: "opspec_alert_channels",
  keys: ["channel"],
  columns: {
    channel: "text",
    nextMessageAt: "bigint",
    failures: "bigint",
    groupUntil: "bigint?",
    overflow: "bigint",
    inFlight: "json?",
  },
};

const ALERTS: Table = {
  name: "opspec_alerts",
  keys: ["channel", "key"],
  columns: {
    channel: "text",
    key: "text",
    firingSince: "bigint?",
    isNotified: "flag",
    notifiedAt: "bigint?",
    notifiedBefore: "bigint?",
    count: "bigint",
    waiting: "json?",
    nextAttemptAt: "bigint",
    refusals: "bigint",
    inFlight: "json?",
    updatedAt: "bigint",
  },
};

const SILENCES: Table = {
  name: "opspec_silences",
  keys: ["id"],
  columns: { id: "text", silence: "json" },
};

const RECENT: Table = {
  name: "opspec_recent_alerts",
  keys: ["id"],
  columns: { id: "text", position: "bigint", alert: "json" },
};

const ARRIVED: Table = {
  name: "opspec_arrived_alerts",
  keys: ["id"],
  columns: { id: "text", event: "json", isSilenced: "flag" },
};

const TABLES = [CHANNELS, ALERTS, SILENCES, RECENT, ARRIVED];

const PENDING = "(waiting IS NOT NULL OR in_flight IS NOT NULL)";

/** The keys are one JSON array, so that the statement always has the same text. */
const KEYS = {
  sqlite: "SELECT value FROM json_each($2)",
  postgres: "SELECT json_array_elements_text(CAST($2 AS json))",
};

const SELECT_FIRING = `
  SELECT channel FROM opspec.opspec_alerts
  WHERE stack = $1 AND key = $2 AND firing_since IS NOT NULL`;

const DELETE_SETTLED = `
  DELETE FROM opspec.opspec_alerts
  WHERE stack = $1 AND channel = $2 AND NOT ${PENDING}
  AND (updated_at < $3 OR key NOT IN (
    SELECT key FROM opspec.opspec_alerts WHERE stack = $1 AND channel = $2 AND NOT ${PENDING}
    ORDER BY updated_at DESC LIMIT ${SETTLED_MAX}
  ))`;

/** Creates the tables where they are missing. */
export async function ensureAlertTables(database: SqlDatabase): Promise<void> {
  for (const table of TABLES) await database.ensure(table.name, ddlOf(table));
}

/** Which rows of a stack are read. */
export interface AlertScope {
  readonly stack: string;
  readonly dialect: SqlDatabase["dialect"];
  /** Alerts that are read although they are not pending. */
  readonly keys: readonly string[];
}

/** Reads the alerts of a stack. */
export async function readAlerts(query: Query, scope: AlertScope): Promise<StackAlerts> {
  const { stack, dialect, keys } = scope;
  const select = async (table: Table, rest = "", values: readonly SqlValue[] = []) => {
    const text = `SELECT * FROM opspec.${table.name} WHERE stack = $1 ${rest}`;
    const rows = await query("read the alerts", text, [stack, ...values]);
    return rows.map((row) => objectOf(table, row));
  };
  const arrived = (await select(ARRIVED, "ORDER BY id")) as unknown as StoredAlert[];
  const channels = await select(CHANNELS, "ORDER BY channel");
  const outboxes = new Map<string, Outbox>();
  for (const { channel, ...rest } of channels) {
    const name = String(channel);
    outboxes.set(name, { channel: { name, ...rest } as ChannelState, alerts: new Map() });
  }
  const asked = JSON.stringify([...keys, ...arrived.map(({ event }) => event.key)]);
  const condition = `AND (${PENDING} OR key IN (${KEYS[dialect]}))`;
  const order = "ORDER BY next_attempt_at, updated_at, key";
  for (const { channel, ...rest } of await select(ALERTS, `${condition} ${order}`, [asked])) {
    const alert = { ...rest, waiting: rest["waiting"] ?? {} } as unknown as AlertState;
    outboxOf({ outboxes }, String(channel)).alerts.set(alert.key, alert);
  }
  const silences = (await select(SILENCES)).map(({ silence }) => silence as Silence);
  const recent = (await select(RECENT, "ORDER BY position DESC")) as unknown as RecentRow[];
  return { outboxes, silences, recent, arrived };
}

/** Reads the alerts, lets `work` edit them, and writes the rows that differ. */
export async function changeAlerts<T>(
  query: Query,
  scope: AlertScope & { readonly nowMs: number },
  work: (alerts: StackAlerts) => T,
): Promise<T> {
  const { stack, nowMs } = scope;
  const alerts = await readAlerts(query, scope);
  const before = rowsOf(alerts);
  const result = work(alerts);
  const after = rowsOf(alerts);
  for (const [id, { table, row }] of after) {
    if (JSON.stringify(row) === JSON.stringify(before.get(id)?.row)) continue;
    await query("save the alerts", upsertText(table), [stack, ...Object.values(row)]);
  }
  for (const [id, { table, row }] of before) {
    if (after.has(id)) continue;
    const keys = table.keys.map((it) => row[it] ?? null);
    await query("delete old alerts", deleteText(table), [stack, ...keys]);
  }
  for (const { channel, alerts: changed } of alerts.outboxes.values()) {
    if (changed.size === 0) continue;
    await query("delete old alerts", DELETE_SETTLED, [stack, channel.name, nowMs - SETTLED_MS]);
  }
  return result;
}

/** Stores an alert in the caller's transaction, so that it is delivered even if its process ends. */
export async function storeAlert(query: Query, stack: string, alert: StoredAlert): Promise<void> {
  const values = Object.values(rowOf(ARRIVED, alert));
  await query("store an alert", upsertText(ARRIVED), [stack, ...values]);
}

/** Names of the channels in which the alert fires. */
export async function firingChannels(query: Query, stack: string, key: string): Promise<string[]> {
  const rows = await query("read an alert", SELECT_FIRING, [stack, key]);
  return rows.map(({ channel }) => String(channel));
}

/** The channel's outbox, which is added when it is missing. */
export function outboxOf({ outboxes }: Pick<StackAlerts, "outboxes">, name: string): Outbox {
  const outbox = outboxes.get(name) ?? { channel: newChannel(name), alerts: new Map() };
  outboxes.set(name, outbox);
  return outbox;
}

type TableRow = Readonly<Record<string, SqlValue>>;

/** All rows, by table and key. */
function rowsOf(alerts: StackAlerts): Map<string, { table: Table; row: TableRow }> {
  const outboxes = [...alerts.outboxes.values()];
  const objects: [Table, object][] = [
    ...outboxes.map(({ channel }): [Table, object] => [
      CHANNELS,
      { ...channel, channel: channel.name },
    ]),
    ...outboxes.flatMap(({ channel, alerts: states }) =>
      [...states.values()].map((it): [Table, object] => [ALERTS, { ...it, channel: channel.name }]),
    ),
    ...alerts.silences.map((it): [Table, object] => [SILENCES, { id: it.id, silence: it }]),
    ...alerts.recent.map((it): [Table, object] => [RECENT, it]),
    ...alerts.arrived.map((it): [Table, object] => [ARRIVED, it]),
  ];
  return new Map(
    objects.map(([table, object]) => {
      const row = rowOf(table, object);
      return [JSON.stringify([table.name, ...table.keys.map((it) => row[it])]), { table, row }];
    }),
  );
}

function rowOf({ columns }: Table, object: object): TableRow {
  const fields = new Map<string, unknown>(Object.entries(object));
  return Object.fromEntries(
    Object.entries(columns).map(([field, type]) => [field, storedValue(type, fields.get(field))]),
  );
}

/** News without a field is NULL, so that SQL can tell which alerts are pending. */
function storedValue(type: ColumnType, value: unknown): SqlValue {
  if (type === "flag") return value === true ? 1 : 0;
  if (!type.startsWith("json") || value === null) return (value ?? null) as SqlValue;
  const text = JSON.stringify(value);
  return text === "{}" ? null : text;
}

function objectOf({ columns }: Table, row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(columns).map(([field, type]) => [field, readValue(type, row[snake(field)])]),
  );
}

function readValue(type: ColumnType, value: unknown): unknown {
  if (value === null || type === "text") return value;
  if (type === "flag") return Number(value) === 1;
  return type.startsWith("json") ? JSON.parse(String(value)) : Number(value);
}

function ddlOf({ name, keys, columns }: Table): string {
  const lines = Object.entries(columns).map(([field, type]) => {
    const sqlType = type === "text" || type.startsWith("json") ? "text" : "bigint";
    return `${snake(field)} ${sqlType}${type.endsWith("?") ? "" : " NOT NULL"}`;
  });
  const key = ["stack", ...keys].join(", ");
  return `CREATE TABLE IF NOT EXISTS opspec.${name} (
    stack text NOT NULL, ${lines.join(", ")}, PRIMARY KEY (${key})
  );`;
}

function upsertText({ name, keys, columns }: Table): string {
  const names = ["stack", ...Object.keys(columns).map(snake)];
  const values = names.map((_, index) => `$${index + 1}`);
  const set = names.filter((it) => it !== "stack" && !keys.includes(it));
  return `INSERT INTO opspec.${name} (${names.join(", ")}) VALUES (${values.join(", ")})
    ON CONFLICT (${["stack", ...keys].join(", ")})
    DO UPDATE SET ${set.map((it) => `${it} = excluded.${it}`).join(", ")}`;
}

function deleteText({ name, keys }: Table): string {
  const conditions = keys.map((it, index) => `${it} = $${index + 2}`);
  return `DELETE FROM opspec.${name} WHERE stack = $1 AND ${conditions.join(" AND ")}`;
}

function snake(field: string): string {
  return field.replaceAll(/[A-Z]/g, (it) => `_${it.toLowerCase()}`);
}
