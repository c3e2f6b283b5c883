import * as z from "zod/mini";
import type { AlertEvent, Delivery, StoredAlert } from "../contract/alert-event.ts";

/** News of one alert: it fires, it is resolved, or first the one and then the other. */
export interface AlertNews {
  readonly firing?: AlertEvent | undefined;
  readonly resolved?: AlertEvent | undefined;
}

/** A message that is in flight. Others send it again after `until`, because its sender is gone. */
interface InFlightMessage {
  readonly id: string;
  readonly until: number;
  readonly overflow: number;
}

/** An alert as operators look back at it. */
export interface RecentAlert {
  readonly key: string;
  readonly kind: AlertEvent["kind"];
  readonly title: string;
  readonly process: string;
  readonly job?: string;
  /** Of the first and the last equal alert, ISO 8601 in UTC. */
  readonly at: string;
  readonly lastAt: string;
  readonly count: number;
  /** The result by channel. */
  readonly deliveries: Readonly<Record<string, Delivery>>;
}

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

/** Postgres returns a `bigint` as text. */
const Stored = z.union([z.number(), z.bigint(), z.string()]);

const integer = z.codec(Stored, z.number(), { decode: Number, encode: (it) => it });

const flag = z.codec(Stored, z.boolean(), {
  decode: (it) => Number(it) === 1,
  encode: (it) => (it ? 1 : 0),
});

/** JSON that this program wrote. */
const json = <T>() =>
  z.codec(z.string(), z.custom<T>(), {
    decode: (text) => JSON.parse(text) as T,
    encode: (it) => JSON.stringify(it),
  });

/** The state of one channel. Times are epoch milliseconds, here and below. */
export const ChannelRow = z.object({
  channel: z.string(),
  /** No message before: because of the rate limit, the backoff or the server's Retry-After. */
  nextMessageAt: integer,
  /** Failed messages since the last delivered one. */
  failures: integer,
  /** When the group that is being collected is sent. */
  groupUntil: z.nullable(integer),
  /** Alerts beyond the limit of pending alerts. Only their number is kept, for the next message. */
  overflow: integer,
  inFlight: z.nullable(json<InFlightMessage>()),
});

/** Why the last message of a channel failed, without secrets. */
export const ErrorRow = z.object({
  channel: z.string(),
  lastError: json<{ readonly why: string; readonly atMs: number }>(),
});

/** The state of one alert in one channel. */
export const AlertRow = z.object({
  channel: z.string(),
  key: z.string(),
  /** Null when it is resolved or silenced. */
  firingSince: z.nullable(integer),
  /** The last message said that it fires, so the readers expect a resolved notice. */
  isNotified: flag,
  /** When the last message said that it fires, and the one before. */
  notifiedAt: z.nullable(integer),
  notifiedBefore: z.nullable(integer),
  /** Alerts since the last message; the next message counts them. */
  count: integer,
  /** News for the next message. */
  waiting: z.nullable(json<AlertNews>()),
  nextAttemptAt: integer,
  /** Messages with it that a server refused for good. */
  refusals: integer,
  /** News in the message that is in flight, with the count that the message says. */
  inFlight: z.nullable(json<AlertNews & { readonly count: number }>()),
  updatedAt: integer,
});

export const SilenceRow = z.object({ id: z.string(), silence: json<Silence>() });

/** The newest recent alert has the highest position. */
export const RecentRow = z.object({
  id: z.string(),
  position: integer,
  alert: json<RecentAlert>(),
});

export const ArrivedRow = z.object({
  id: z.string(),
  event: json<AlertEvent>(),
  channels: json<StoredAlert["channels"]>(),
  isSilenced: flag,
});

export type AlertState = z.infer<typeof AlertRow>;
export type RecentRow = z.infer<typeof RecentRow>;

/** A channel with the alerts that one change needs: the pending ones and those it asked for. */
export interface Outbox extends z.infer<typeof ChannelRow> {
  lastError: z.infer<typeof ErrorRow>["lastError"] | null;
  readonly alerts: Map<string, AlertState>;
}

/** The alerts of one stack, as one change sees them. A change edits this object. */
export interface StackAlerts {
  readonly outboxes: Map<string, Outbox>;
  silences: readonly Silence[];
  /** Newest first. */
  recent: readonly RecentRow[];
  /** Alerts that were stored with a run record and are not yet admitted to the channels. */
  arrived: readonly StoredAlert[];
}

export function noAlerts(): StackAlerts {
  return { outboxes: new Map(), silences: [], recent: [], arrived: [] };
}

/** The channel's outbox, which is added when it is missing. */
export function outboxOf({ outboxes }: Pick<StackAlerts, "outboxes">, channel: string): Outbox {
  const outbox = outboxes.get(channel) ?? {
    channel,
    nextMessageAt: 0,
    failures: 0,
    groupUntil: null,
    overflow: 0,
    inFlight: null,
    lastError: null,
    alerts: new Map(),
  };
  outboxes.set(channel, outbox);
  return outbox;
}

export function newAlertState(channel: string, key: string, nowMs: number): AlertState {
  return {
    channel,
    key,
    firingSince: null,
    isNotified: false,
    notifiedAt: null,
    notifiedBefore: null,
    count: 0,
    waiting: null,
    nextAttemptAt: nowMs,
    refusals: 0,
    inFlight: null,
    updatedAt: nowMs,
  };
}
