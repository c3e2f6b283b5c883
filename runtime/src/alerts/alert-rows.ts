import * as z from "zod/mini";
import type { StoredAlert } from "../contract/alert-event.ts";
import type { Query, Row, SqlDatabase, SqlValue } from "../databases/sql-database.ts";
import {
  AlertRow,
  ArrivedRow,
  ChannelRow,
  ErrorRow,
  noAlerts,
  outboxOf,
  RecentRow,
  SilenceRow,
  type StackAlerts,
} from "./alert-state.ts";

/** Alerts of one channel without pending news: how many are kept, and for how long. */
const SETTLED_MAX = 500;
const SETTLED_MS = 7 * 24 * 3_600_000;

/** A table of ours. Every table has a column `stack` as well. */
interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** The first columns are the key. */
  readonly keys: readonly string[];
  readonly ddl: string;
  /** The values of the columns. */
  encode(object: object): SqlValue[];
}

type Fields = Readonly<Record<string, z.ZodMiniType<unknown, SqlValue>>>;

/** A table whose columns are the fields of its objects. */
function table<Shape extends Fields>(name: string, keyCount: number, row: z.ZodMiniObject<Shape>) {
  const fields = Object.entries<Fields[string]>(row.shape);
  const columns = fields.map(([field]) => columnOf(field));
  const keys = columns.slice(0, keyCount);
  const types = fields.map(([field, it]) => {
    const type = it.safeParse(1).success ? "bigint" : "text";
    return `${columnOf(field)} ${type}${it.safeParse(null).success ? "" : " NOT NULL"}`;
  });
  return {
    name,
    columns,
    keys,
    ddl: `CREATE TABLE IF NOT EXISTS opspec.${name} (
      stack text NOT NULL, ${types.join(", ")}, PRIMARY KEY (stack, ${keys.join(", ")})
    );`,
    encode: (object: object) => {
      const values = new Map<string, unknown>(Object.entries(object));
      return fields.map(([field, it]) => z.encode(it, values.get(field)));
    },
    decode: (stored: Row) =>
      row.parse(Object.fromEntries(fields.map(([field]) => [field, stored[columnOf(field)]]))),
  };
}

function columnOf(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const CHANNELS = table("opspec_alert_channels", 1, ChannelRow);
/** Beside the channels, whose table is older. */
const ERRORS = table("opspec_alert_channel_errors", 1, ErrorRow);
const ALERTS = table("opspec_alerts", 2, AlertRow);
const SILENCES = table("opspec_silences", 1, SilenceRow);
const RECENT = table("opspec_recent_alerts", 1, RecentRow);
const ARRIVED = table("opspec_arrived_alerts", 1, ArrivedRow);

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
  const tables: Table[] = [CHANNELS, ERRORS, ALERTS, SILENCES, RECENT, ARRIVED];
  for (const { name, ddl } of tables) await database.ensure(name, ddl);
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
  const select = async <T>(
    { name, decode }: { readonly name: string; decode(row: Row): T },
    rest = "",
    values: readonly SqlValue[] = [],
  ): Promise<T[]> => {
    const text = `SELECT * FROM opspec.${name} WHERE stack = $1 ${rest}`;
    return (await query("read the alerts", text, [stack, ...values])).map(decode);
  };
  const alerts = noAlerts();
  alerts.arrived = await select(ARRIVED, "ORDER BY id");
  for (const it of await select(CHANNELS, "ORDER BY channel")) {
    Object.assign(outboxOf(alerts, it.channel), it);
  }
  for (const it of await select(ERRORS)) {
    outboxOf(alerts, it.channel).lastError = it.lastError;
  }
  const asked = JSON.stringify([...keys, ...alerts.arrived.map(({ event }) => event.key)]);
  const condition = `AND (${PENDING} OR key IN (${KEYS[dialect]}))`;
  const order = "ORDER BY next_attempt_at, updated_at, key";
  for (const it of await select(ALERTS, `${condition} ${order}`, [asked])) {
    outboxOf(alerts, it.channel).alerts.set(it.key, it);
  }
  alerts.silences = (await select(SILENCES)).map(({ silence }) => silence);
  alerts.recent = await select(RECENT, "ORDER BY position DESC");
  return alerts;
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
  for (const [id, { source, values }] of after) {
    if (JSON.stringify(values) === JSON.stringify(before.get(id)?.values)) continue;
    await query("save the alerts", upsertText(source), [stack, ...values]);
  }
  for (const [id, { source, values }] of before) {
    if (after.has(id)) continue;
    const { keys } = source;
    await query("delete old alerts", deleteText(source), [stack, ...values.slice(0, keys.length)]);
  }
  for (const { channel, alerts: changed } of alerts.outboxes.values()) {
    if (changed.size === 0) continue;
    await query("delete old alerts", DELETE_SETTLED, [stack, channel, nowMs - SETTLED_MS]);
  }
  return result;
}

/** Stores an alert in the caller's transaction, so that it is delivered even if its process ends. */
export async function storeAlert(query: Query, stack: string, alert: StoredAlert): Promise<void> {
  await query("store an alert", upsertText(ARRIVED), [stack, ...ARRIVED.encode(alert)]);
}

/** Names of the channels in which the alert fires. */
export async function firingChannels(query: Query, stack: string, key: string): Promise<string[]> {
  const rows = await query("read an alert", SELECT_FIRING, [stack, key]);
  return rows.map(({ channel }) => String(channel));
}

/** All rows, by table and key. */
function rowsOf({ outboxes, silences, recent, arrived }: StackAlerts) {
  const channels = [...outboxes.values()];
  const objects: [Table, readonly object[]][] = [
    [CHANNELS, channels],
    [ERRORS, channels.filter(({ lastError }) => lastError !== null)],
    [ALERTS, channels.flatMap(({ alerts }) => [...alerts.values()])],
    [SILENCES, silences.map((it) => ({ id: it.id, silence: it }))],
    [RECENT, recent],
    [ARRIVED, arrived],
  ];
  const rows = objects.flatMap(([source, all]) =>
    all.map((it) => ({ source, values: source.encode(it) })),
  );
  return new Map(
    rows.map((it) => {
      const { source, values } = it;
      return [JSON.stringify([source.name, ...values.slice(0, source.keys.length)]), it];
    }),
  );
}

function upsertText({ name, keys, columns }: Table): string {
  const names = ["stack", ...columns];
  const set = columns.filter((it) => !keys.includes(it));
  return `INSERT INTO opspec.${name} (${names.join(", ")})
    VALUES (${names.map((_, index) => `$${index + 1}`).join(", ")})
    ON CONFLICT (stack, ${keys.join(", ")})
    DO UPDATE SET ${set.map((it) => `${it} = excluded.${it}`).join(", ")}`;
}

function deleteText({ name, keys }: Table): string {
  const conditions = keys.map((it, index) => `${it} = $${index + 2}`);
  return `DELETE FROM opspec.${name} WHERE stack = $1 AND ${conditions.join(" AND ")}`;
}
