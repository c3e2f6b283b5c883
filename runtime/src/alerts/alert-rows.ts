import type { StoredAlert } from "../contract/alert-event.ts";
import type { Query, Row, SqlDatabase, SqlValue } from "../databases/sql-database.ts";
import type { AlertState } from "./alert-state.ts";
import type { ChannelState, Outbox } from "./outbox.ts";
import { outboxOf, type RecentRow, type Silence, type StackAlerts } from "./stack-alerts.ts";

/** Alerts of one channel without pending news: how many are kept, and for how long. */
const SETTLED_MAX = 500;
const SETTLED_MS = 7 * 24 * 3_600_000;

/** A table of ours. Every table has a column `stack` as well. */
interface Table {
  readonly name: string;
  readonly keys: readonly string[];
  readonly columns: readonly Column[];
}

/** A column and the field of the objects that it stores. A flag is 0 or 1, and JSON is text. */
interface Column {
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
}

/** A table by its columns: a field and its type, with a `?` where it may be null. */
function table(name: string, keys: readonly string[], columns: string): Table {
  return {
    name,
    keys,
    columns: columns.split(", ").map((it) => {
      const [field = "", type = ""] = it.split(" ");
      const column = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return { field, name: column, type: type.replace("?", ""), isOptional: type.endsWith("?") };
    }),
  };
}

const CHANNELS = table(
  "opspec_alert_channels",
  ["channel"],
  "channel text, nextMessageAt bigint, failures bigint, groupUntil bigint?, overflow bigint, inFlight json?",
);

/** Beside the channels, whose table is older. */
const ERRORS = table("opspec_alert_channel_errors", ["channel"], "channel text, lastError json");

const ALERTS = table(
  "opspec_alerts",
  ["channel", "key"],
  "channel text, key text, firingSince bigint?, isNotified flag, notifiedAt bigint?, " +
    "notifiedBefore bigint?, count bigint, waiting json?, nextAttemptAt bigint, refusals bigint, " +
    "inFlight json?, updatedAt bigint",
);

const SILENCES = table("opspec_silences", ["id"], "id text, silence json");

const RECENT = table("opspec_recent_alerts", ["id"], "id text, position bigint, alert json");

const ARRIVED = table(
  "opspec_arrived_alerts",
  ["id"],
  "id text, event json, channels json, isSilenced flag",
);

const TABLES = [CHANNELS, ERRORS, ALERTS, SILENCES, RECENT, ARRIVED];

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
  for (const it of TABLES) await database.ensure(it.name, ddlOf(it));
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
  const select = async (source: Table, rest = "", values: readonly SqlValue[] = []) => {
    const text = `SELECT * FROM opspec.${source.name} WHERE stack = $1 ${rest}`;
    const rows = await query("read the alerts", text, [stack, ...values]);
    return rows.map((row) => objectOf(source, row));
  };
  const arrived = (await select(ARRIVED, "ORDER BY id")) as unknown as StoredAlert[];
  const channels = await select(CHANNELS, "ORDER BY channel");
  const outboxes = new Map<string, Outbox>();
  const errors = new Map((await select(ERRORS)).map((it) => [it["channel"], it["lastError"]]));
  for (const { channel, ...rest } of channels) {
    const name = String(channel);
    const state = { ...rest, name, lastError: errors.get(channel) ?? null } as ChannelState;
    outboxes.set(name, { channel: state, alerts: new Map() });
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
  for (const [id, { source, row }] of after) {
    if (JSON.stringify(row) === JSON.stringify(before.get(id)?.row)) continue;
    await query("save the alerts", upsertText(source), [stack, ...Object.values(row)]);
  }
  for (const [id, { source, row }] of before) {
    if (after.has(id)) continue;
    const keys = source.keys.map((it) => row[it] ?? null);
    await query("delete old alerts", deleteText(source), [stack, ...keys]);
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

/** The values of a row, by column. */
type TableRow = Readonly<Record<string, SqlValue>>;

/** All rows, by table and key. */
function rowsOf(alerts: StackAlerts): Map<string, { source: Table; row: TableRow }> {
  const objects: [Table, object][] = [
    ...[...alerts.outboxes].flatMap(([channel, { channel: state, alerts: states }]) => [
      [CHANNELS, { ...state, channel }] as [Table, object],
      ...(state.lastError ? [[ERRORS, { ...state, channel }] as [Table, object]] : []),
      ...[...states.values()].map((it): [Table, object] => [ALERTS, { ...it, channel }]),
    ]),
    ...alerts.silences.map((it): [Table, object] => [SILENCES, { id: it.id, silence: it }]),
    ...alerts.recent.map((it): [Table, object] => [RECENT, it]),
    ...alerts.arrived.map((it): [Table, object] => [ARRIVED, it]),
  ];
  return new Map(
    objects.map(([source, object]) => {
      const row = rowOf(source, object);
      return [JSON.stringify([source.name, ...source.keys.map((it) => row[it])]), { source, row }];
    }),
  );
}

function rowOf({ columns }: Table, object: object): TableRow {
  const fields = new Map<string, unknown>(Object.entries(object));
  return Object.fromEntries(
    columns.map(({ name, field, type }) => [name, storedValue(type, fields.get(field))]),
  );
}

/** News without a field is NULL, so that SQL can tell which alerts are pending. */
function storedValue(type: string, value: unknown): SqlValue {
  if (type === "flag") return value === true ? 1 : 0;
  if (type !== "json" || value === null) return value as SqlValue;
  const text = JSON.stringify(value);
  return text === "{}" ? null : text;
}

function objectOf({ columns }: Table, row: Row): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(({ field, name, type }) => [field, readValue(type, row[name])]),
  );
}

function readValue(type: string, value: unknown): unknown {
  if (value === null || type === "text") return value;
  if (type === "flag") return Number(value) === 1;
  return type === "json" ? JSON.parse(String(value)) : Number(value);
}

function ddlOf({ name, keys, columns }: Table): string {
  const lines = columns.map((it) => {
    const type = it.type === "flag" || it.type === "bigint" ? "bigint" : "text";
    return `${it.name} ${type}${it.isOptional ? "" : " NOT NULL"}`;
  });
  return `CREATE TABLE IF NOT EXISTS opspec.${name} (
    stack text NOT NULL, ${lines.join(", ")}, PRIMARY KEY (${["stack", ...keys].join(", ")})
  );`;
}

function upsertText({ name, keys, columns }: Table): string {
  const names = ["stack", ...columns.map((it) => it.name)];
  const set = names.slice(1).filter((it) => !keys.includes(it));
  return `INSERT INTO opspec.${name} (${names.join(", ")})
    VALUES (${names.map((_, index) => `$${index + 1}`).join(", ")})
    ON CONFLICT (${["stack", ...keys].join(", ")})
    DO UPDATE SET ${set.map((it) => `${it} = excluded.${it}`).join(", ")}`;
}

function deleteText({ name, keys }: Table): string {
  const conditions = keys.map((it, index) => `${it} = $${index + 2}`);
  return `DELETE FROM opspec.${name} WHERE stack = $1 AND ${conditions.join(" AND ")}`;
}
