import { type AlertEvent, type Delivery, isResolved } from "../contract/alert-event.ts";
import type { AlertMessage } from "./alert-message.ts";
import {
  admitAlert,
  type AlertNews,
  type AlertState,
  confirmDelivery,
  countRefusal,
  isPending,
  isWaiting,
  itemsOf,
  returnToWaiting,
  silenceAlert,
  SPIKE_MS,
  startDelivery,
} from "./alert-state.ts";

/** Limits of the messages of each channel. */
export interface AlertRules {
  /** The first alert waits so long for others; all go in one message. 0 sends it at once. */
  readonly groupMs: number;
  /** An equal alert is deduplicated for so long after a message. */
  readonly repeatMs: number;
  /** Shortest time between two messages. */
  readonly limitMs: number;
}

/** The state of one channel: a row of the alert store. Times are epoch milliseconds. */
export interface ChannelState {
  readonly name: string;
  /** No message before: because of the rate limit, the backoff or the server's Retry-After. */
  readonly nextMessageAt: number;
  /** Failed messages since the last delivered one. */
  readonly failures: number;
  /** When the group that is being collected is sent. */
  readonly groupUntil: number | null;
  /** Alerts beyond the limit of pending alerts. Only their number is kept, for the next message. */
  readonly overflow: number;
  readonly inFlight: InFlightMessage | null;
  /** Why the last message failed, without secrets; null after a delivered one. */
  readonly lastError: { readonly why: string; readonly atMs: number } | null;
}

/** Others send the message again after `until`, because its sender is gone. */
export interface InFlightMessage {
  readonly id: string;
  readonly until: number;
  readonly overflow: number;
}

/** A channel with the alerts that one transaction needs: the pending ones and those it admits. */
export interface Outbox {
  channel: ChannelState;
  readonly alerts: Map<string, AlertState>;
}

/** A message that one process may send now. */
export interface Outgoing {
  readonly id: string;
  readonly channel: string;
  readonly message: AlertMessage;
  readonly alerts: readonly AlertState[];
}

/** Pending alerts of a channel that are kept with their texts. */
const PENDING_MAX = 200;

/** Backoff after a failed message; it doubles with each failure. */
const BACKOFF_MS = 30_000;
const BACKOFF_MS_MAX = 600_000;

/** A longer Retry-After is cut, so that no server silences a channel for good. */
const RETRY_AFTER_MS_MAX = 3_600_000;

/** Clocks of two machines may differ by this; a time further in the future comes from a wrong clock. */
export const CLOCKS_DIFFER_MS = 60_000;

export function newChannel(name: string): ChannelState {
  return {
    name,
    nextMessageAt: 0,
    failures: 0,
    groupUntil: null,
    overflow: 0,
    inFlight: null,
    lastError: null,
  };
}

export function pendingAlerts({ alerts }: Outbox): AlertState[] {
  return [...alerts.values()].filter(isPending);
}

/** Admits an alert to a channel. */
export function admit(
  outbox: Outbox,
  event: AlertEvent,
  { rules, nowMs }: { readonly rules: AlertRules; readonly nowMs: number },
): Delivery {
  const { channel, alerts } = outbox;
  const before = alerts.get(event.key);
  const repeatMs = Math.max(rules.repeatMs, (event.repeatSeconds ?? 0) * 1000);
  const { state, verdict } = admitAlert(before, event, { repeatMs, nowMs });
  // A resolved notice of an alert that the readers know is kept, however many are pending.
  const isExpected = before?.isNotified === true && isResolved(event);
  if (!isExpected && !hasRoom(outbox, state)) {
    outbox.channel = { ...channel, overflow: channel.overflow + 1 };
    return "suppressed";
  }
  alerts.set(event.key, state);
  if (verdict === "held" && rules.groupMs > 0) {
    outbox.channel = { ...channel, groupUntil: channel.groupUntil ?? nowMs + rules.groupMs };
  }
  return verdict;
}

/** Whether the state may be kept: of too many pending alerts only the number is kept. */
export function hasRoom(outbox: Outbox, state: AlertState): boolean {
  const before = outbox.alerts.get(state.key);
  const isOneMore = isPending(state) && !(before && isPending(before));
  return !isOneMore || pendingAlerts(outbox).length < PENDING_MAX;
}

/** How many alerts the news stands for. */
export function countOfNews(news: AlertNews & { readonly count: number }): number {
  return itemsOf(news).reduce((sum, { count }) => sum + count, 0);
}

/** Notes a silenced alert. */
export function silence({ alerts }: Outbox, event: AlertEvent, nowMs: number): Delivery {
  const state = silenceAlert(alerts.get(event.key), event, nowMs);
  if (state) alerts.set(event.key, state);
  return "silenced";
}

/** Takes what is due as one message that is then in flight; undefined when nothing is due. */
export function takeMessage(
  outbox: Outbox,
  options: { nowMs: number; id: string; untilMs: number; isLast?: boolean },
): Outgoing | undefined {
  const { nowMs, id, untilMs, isLast = false } = options;
  const { inFlight } = outbox.channel;
  // Its sender is gone. A duplicate is better than a lost message.
  if (inFlight && inFlight.until <= nowMs) returnMessage(outbox, inFlight, { nowMs });
  const { channel, alerts } = outbox;
  const groupUntil = isLast ? 0 : (channel.groupUntil ?? 0);
  if (channel.inFlight || nowMs < Math.max(channel.nextMessageAt, groupUntil)) return undefined;
  const due = [...alerts.values()].filter((it) => isWaiting(it) && it.nextAttemptAt <= nowMs);
  const { overflow } = channel;
  if (due.length === 0 && overflow === 0) return undefined;
  const taken = due.map(startDelivery);
  for (const it of taken) alerts.set(it.key, it);
  const items = taken.flatMap(({ inFlight: news }) => (news ? itemsOf(news) : []));
  const message = { id, until: untilMs, overflow };
  outbox.channel = { ...channel, groupUntil: null, overflow: 0, inFlight: message };
  return { id, channel: channel.name, message: { items, more: overflow }, alerts: taken };
}

/** The channel took the message. Only now its alerts count as notified. */
export function noteDelivered(
  outbox: Outbox,
  { id, alerts }: Outgoing,
  { nowMs, limitMs }: { readonly nowMs: number; readonly limitMs: number },
): void {
  for (const sent of alerts) {
    const known = outbox.alerts.get(sent.key) ?? { ...sent, inFlight: null };
    if (sent.inFlight) outbox.alerts.set(sent.key, confirmDelivery(known, sent.inFlight, nowMs));
  }
  const nextMessageAt = nowMs + limitMs;
  outbox.channel = { ...outbox.channel, failures: 0, nextMessageAt, lastError: null };
  noteSkipped(outbox, { id });
}

/** Why a channel did not take a message. */
export interface MessageFailure {
  /** Without secrets. */
  readonly why: string;
  /** Shortest wait; undefined when the server refuses the message for good. */
  readonly retryAfterMs: number | undefined;
}

/** The channel did not take the message: its news waits for the next one. */
export function noteFailed(
  outbox: Outbox,
  { id }: Pick<Outgoing, "id">,
  { nowMs, why, retryAfterMs }: MessageFailure & { readonly nowMs: number },
): void {
  const failures = outbox.channel.failures + 1;
  const backoffMs = Math.min(BACKOFF_MS * 2 ** (failures - 1), BACKOFF_MS_MAX);
  const waitMs = Math.max(Math.min(retryAfterMs ?? 0, RETRY_AFTER_MS_MAX), backoffMs);
  const lastError = { why, atMs: nowMs };
  outbox.channel = { ...outbox.channel, failures, nextMessageAt: nowMs + waitMs, lastError };
  const { inFlight } = outbox.channel;
  const isRefused = retryAfterMs === undefined;
  if (inFlight?.id === id) returnMessage(outbox, inFlight, { nowMs, isRefused });
}

/** The channel took a message past this outbox, so a backoff is over and what waits is due. */
export function noteWell(outbox: Outbox, nowMs: number): void {
  if (outbox.channel.failures === 0) return;
  outbox.channel = { ...outbox.channel, failures: 0, nextMessageAt: nowMs, lastError: null };
}

/** Nobody waits for the message any more, unless another process sends it now. */
export function noteSkipped(outbox: Outbox, { id }: Pick<Outgoing, "id">): void {
  if (outbox.channel.inFlight?.id !== id) return;
  outbox.channel = { ...outbox.channel, inFlight: null };
  for (const it of outbox.alerts.values()) {
    if (it.inFlight) outbox.alerts.set(it.key, { ...it, inFlight: null });
  }
}

function returnMessage(
  outbox: Outbox,
  { overflow }: InFlightMessage,
  { nowMs, isRefused = false }: { readonly nowMs: number; readonly isRefused?: boolean },
): void {
  let more = outbox.channel.overflow + overflow;
  for (const before of outbox.alerts.values()) {
    if (!before.inFlight) continue;
    const { state, isGivenUp } = isRefused
      ? countRefusal(before)
      : { state: before, isGivenUp: false };
    if (isGivenUp) more += countOfNews(before.inFlight);
    outbox.alerts.set(before.key, returnToWaiting(state, nowMs));
  }
  outbox.channel = { ...outbox.channel, overflow: more, inFlight: null };
}

/** When the next message may be sent; undefined when nothing is pending. */
export function nextMessageTime({ channel, alerts }: Outbox): number | undefined {
  if (channel.inFlight) return channel.inFlight.until;
  const waiting = [...alerts.values()].filter(isWaiting);
  if (waiting.length === 0 && channel.overflow === 0) return undefined;
  const first = channel.overflow > 0 ? 0 : Math.min(...waiting.map((it) => it.nextAttemptAt));
  return Math.max(first, channel.nextMessageAt, channel.groupUntil ?? 0);
}

/**
 * Corrects times that lie too far in the future, because a clock that was ahead wrote them: they
 * must not silence a channel until that time comes.
 */
export function correctTimes(
  outbox: Outbox,
  { rules, nowMs, untilMs }: { rules: AlertRules; nowMs: number; untilMs: number },
): void {
  const { channel, alerts } = outbox;
  const { nextMessageAt, failures, groupUntil, inFlight } = channel;
  const waitMs = failures > 0 ? RETRY_AFTER_MS_MAX : rules.limitMs;
  outbox.channel = {
    ...channel,
    nextMessageAt: latest(nextMessageAt, nowMs + waitMs),
    groupUntil: groupUntil === null ? null : latest(groupUntil, nowMs + rules.groupMs),
    inFlight: inFlight ? { ...inFlight, until: latest(inFlight.until, untilMs) } : null,
  };
  for (const it of alerts.values()) {
    const { notifiedAt, notifiedBefore, nextAttemptAt } = it;
    const corrected: AlertState = {
      ...it,
      // Nobody knows when it was, so the alert is sent again.
      notifiedAt: notifiedAt !== null && notifiedAt > nowMs + CLOCKS_DIFFER_MS ? null : notifiedAt,
      notifiedBefore: notifiedBefore === null ? null : latest(notifiedBefore, nowMs),
      nextAttemptAt: latest(nextAttemptAt, nowMs + SPIKE_MS),
    };
    alerts.set(it.key, corrected);
  }
}

function latest(timeMs: number, maxMs: number): number {
  return timeMs > maxMs + CLOCKS_DIFFER_MS ? maxMs : timeMs;
}
