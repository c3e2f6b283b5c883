import { randomUUID } from "node:crypto";
import { type AlertEvent, type Delivery, isResolved } from "../contract/alert-event.ts";
import type { AlertMessage, MessageItem } from "./alert-message.ts";
import { type AlertNews, type AlertState, newAlertState, type Outbox } from "./alert-state.ts";

/** Limits of the messages of each channel. */
export interface AlertRules {
  /** The first alert waits so long for others; all go in one message. 0 sends it at once. */
  readonly groupMs: number;
  /** An equal alert is deduplicated for so long after a message. */
  readonly repeatMs: number;
  /** Shortest time between two messages. */
  readonly limitMs: number;
}

/** A message that one process may send now. */
export interface Outgoing {
  readonly id: string;
  readonly channel: string;
  readonly message: AlertMessage;
  /** The alerts as they were when the message was made. */
  readonly alerts: readonly Readonly<AlertState>[];
}

/** A message without a result after this time is free for other processes: its sender is gone. */
const IN_FLIGHT_MS = 60_000;

/** Poll interval, at the end of a process, for the message that another process is sending. */
const LAST_POLL_MS = 500;

/** A third message about the same alert within this time waits. See docs/sources.md. */
const SPIKE_MS = 600_000;

/** A message that a server refuses so often for good is only counted, so that others get through. */
const REFUSALS_MAX = 3;

/** Pending alerts of a channel that are kept with their texts. */
const PENDING_MAX = 200;

/** Backoff after a failed message; it doubles with each failure. */
const BACKOFF_MS = 30_000;
const BACKOFF_MS_MAX = 600_000;

/** A longer Retry-After is cut, so that no server silences a channel for good. */
const RETRY_AFTER_MS_MAX = 3_600_000;

/** Clocks of two machines may differ by this; a time further in the future comes from a wrong clock. */
export const CLOCKS_DIFFER_MS = 60_000;

/** Alerts whose news is still to be delivered. */
export function pendingAlerts({ alerts }: Outbox): AlertState[] {
  return [...alerts.values()].filter(isPending);
}

function isPending({ waiting, inFlight }: AlertState): boolean {
  return waiting !== null || inFlight !== null;
}

/** Whether the state may be kept: of too many pending alerts only the number is kept. */
export function hasRoom(outbox: Outbox, state: AlertState): boolean {
  const before = outbox.alerts.get(state.key);
  const isOneMore = isPending(state) && !(before && isPending(before));
  return !isOneMore || pendingAlerts(outbox).length < PENDING_MAX;
}

/** Admits an alert to a channel: it waits for the next message, or it is deduplicated. */
export function admit(
  outbox: Outbox,
  event: AlertEvent,
  { rules, nowMs }: { readonly rules: AlertRules; readonly nowMs: number },
): Delivery {
  const { channel, alerts } = outbox;
  const { key, repeatSeconds = 0 } = event;
  const isEnd = isResolved(event);
  const before = alerts.get(key);
  const state = { ...(before ?? newAlertState(channel, key, nowMs)) };
  // A process without this store may have sent the alert, so its end is news.
  if (isEnd && !before) Object.assign(state, { firingSince: nowMs, isNotified: true });
  const isNews = isEnd
    ? resolve(state, event, nowMs)
    : fire(state, event, { repeatMs: Math.max(rules.repeatMs, repeatSeconds * 1000), nowMs });
  // A resolved notice of an alert that the readers know is kept, however many are pending.
  const isExpected = isEnd && before?.isNotified === true;
  if (!isExpected && !hasRoom(outbox, state)) {
    outbox.overflow += 1;
    return "suppressed";
  }
  alerts.set(key, state);
  if (!isNews) return "suppressed";
  if (rules.groupMs > 0) outbox.groupUntil ??= nowMs + rules.groupMs;
  return "held";
}

/** Notes that the alert fires; returns whether that is news. */
function fire(
  state: AlertState,
  event: AlertEvent,
  { repeatMs, nowMs }: { readonly repeatMs: number; readonly nowMs: number },
): boolean {
  const { waiting, inFlight, notifiedAt, notifiedBefore } = state;
  state.firingSince ??= nowMs;
  state.count += 1;
  state.updatedAt = nowMs;
  // It fires again, so a resolved notice that waits would be wrong.
  state.waiting = waiting?.firing ? { firing: waiting.firing } : null;
  const isEnding = inFlight?.resolved !== undefined;
  const isAnnounced = waiting?.firing ?? (isEnding ? undefined : inFlight?.firing);
  const isRecent =
    state.isNotified && !isEnding && notifiedAt !== null && nowMs - notifiedAt < repeatMs;
  if (isAnnounced || isRecent) return false;
  state.waiting = { firing: event };
  state.nextAttemptAt = Math.max(nowMs, notifiedBefore === null ? 0 : notifiedBefore + SPIKE_MS);
  state.refusals = 0;
  return true;
}

/** Notes that the alert is resolved; that is news if the readers know of the alert, or will. */
function resolve(state: AlertState, event: AlertEvent, nowMs: number): boolean {
  const { firingSince, isNotified, waiting, inFlight } = state;
  if (firingSince === null) return false;
  state.firingSince = null;
  state.updatedAt = nowMs;
  if (!isNotified && !waiting?.firing && !inFlight?.firing) return false;
  if (!waiting?.firing) state.nextAttemptAt = nowMs;
  state.waiting = { ...waiting, resolved: event };
  return true;
}

/** Notes an alert that is silenced, so that its resolved notice is not sent either. */
export function silence({ channel, alerts }: Outbox, event: AlertEvent, nowMs: number): Delivery {
  const before = alerts.get(event.key);
  if (!isResolved(event)) {
    alerts.set(event.key, before ?? newAlertState(channel, event.key, nowMs));
  } else if (before && before.firingSince !== null) {
    Object.assign(before, { firingSince: null, isNotified: false, waiting: null });
    before.updatedAt = nowMs;
  }
  return "silenced";
}

/**
 * Takes what is due as one message that is then in flight; undefined when nothing is due.
 *
 * @param isLast the process ends, so a group is not waited for
 */
export function takeMessage(outbox: Outbox, nowMs: number, isLast = false): Outgoing | undefined {
  // Its sender is gone. A duplicate is better than a lost message.
  if (outbox.inFlight && outbox.inFlight.until <= nowMs) returnMessage(outbox, nowMs);
  const { channel, alerts, overflow, nextMessageAt, groupUntil } = outbox;
  const earliest = Math.max(nextMessageAt, isLast ? 0 : (groupUntil ?? 0));
  if (outbox.inFlight || nowMs < earliest) return undefined;
  const due = [...alerts.values()].filter((it) => it.waiting && it.nextAttemptAt <= nowMs);
  if (due.length === 0 && overflow === 0) return undefined;
  for (const it of due) {
    it.inFlight = { ...it.waiting, count: it.count };
    it.waiting = null;
    it.count = 0;
  }
  const id = randomUUID();
  outbox.groupUntil = null;
  outbox.overflow = 0;
  outbox.inFlight = { id, until: nowMs + IN_FLIGHT_MS, overflow };
  const items = due.flatMap(({ inFlight }) => (inFlight ? itemsOf(inFlight) : []));
  return { id, channel, message: { items, more: overflow }, alerts: due.map((it) => ({ ...it })) };
}

/** The items of a message about one alert. Its first item says how often the alert came. */
function itemsOf({ firing, resolved, count }: AlertNews & { count: number }): MessageItem[] {
  if (!firing) return resolved ? [{ event: resolved, count: count + 1 }] : [];
  const first = { event: firing, count };
  return resolved ? [first, { event: resolved, count: 1 }] : [first];
}

/** How many alerts the news stands for. */
export function countOfNews(news: AlertNews & { readonly count: number }): number {
  return itemsOf(news).reduce((sum, { count }) => sum + count, 0);
}

/** The channel took the message. Only now its alerts count as notified. */
export function noteDelivered(
  outbox: Outbox,
  { id, alerts }: Outgoing,
  { nowMs, limitMs }: { readonly nowMs: number; readonly limitMs: number },
): void {
  for (const sent of alerts) {
    const state = outbox.alerts.get(sent.key) ?? { ...sent, inFlight: null };
    outbox.alerts.set(sent.key, state);
    if (sent.inFlight?.firing) {
      state.notifiedBefore = state.notifiedAt;
      state.notifiedAt = nowMs;
    }
    state.isNotified = sent.inFlight?.resolved === undefined;
    state.refusals = 0;
    state.updatedAt = nowMs;
  }
  Object.assign(outbox, { failures: 0, nextMessageAt: nowMs + limitMs, lastError: null });
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
  const backoffMs = Math.min(BACKOFF_MS * 2 ** outbox.failures, BACKOFF_MS_MAX);
  const askedMs = Math.min(retryAfterMs ?? 0, RETRY_AFTER_MS_MAX);
  outbox.failures += 1;
  outbox.nextMessageAt = nowMs + Math.max(askedMs, backoffMs);
  outbox.lastError = { why, atMs: nowMs };
  if (outbox.inFlight?.id === id) returnMessage(outbox, nowMs, retryAfterMs === undefined);
}

/** The channel took a message past this outbox, so a backoff is over and what waits is due. */
export function noteWell(outbox: Outbox, nowMs: number): void {
  if (outbox.failures === 0) return;
  Object.assign(outbox, { failures: 0, nextMessageAt: nowMs, lastError: null });
}

/** Nobody waits for the message any more, unless another process sends it now. */
export function noteSkipped(outbox: Outbox, { id }: Pick<Outgoing, "id">): void {
  if (outbox.inFlight?.id !== id) return;
  outbox.inFlight = null;
  for (const it of outbox.alerts.values()) it.inFlight = null;
}

/** Merges the news of the message in flight with what came in the meantime. */
function returnMessage(outbox: Outbox, nowMs: number, isRefused = false): void {
  outbox.overflow += outbox.inFlight?.overflow ?? 0;
  outbox.inFlight = null;
  for (const it of outbox.alerts.values()) {
    const { inFlight: news, waiting } = it;
    if (!news) continue;
    it.inFlight = null;
    if (isRefused) it.refusals += 1;
    if (it.refusals >= REFUSALS_MAX) {
      it.refusals = 0;
      outbox.overflow += countOfNews(news);
      continue;
    }
    // The alert fires again, so the resolved notice in the message is out of date.
    const notice = waiting?.firing ? undefined : news.resolved;
    if (news.firing || notice) it.nextAttemptAt = nowMs;
    it.waiting = {
      firing: news.firing ?? waiting?.firing,
      resolved: waiting?.resolved ?? notice,
    };
    it.count += news.count;
  }
}

/** When the next message may be sent; undefined when nothing is pending. */
export function nextMessageTime(outbox: Outbox, nowMs: number, isLast = false): number | undefined {
  const { inFlight, alerts, overflow, nextMessageAt, groupUntil } = outbox;
  if (inFlight) return isLast ? nowMs + LAST_POLL_MS : inFlight.until;
  const waiting = [...alerts.values()].filter((it) => it.waiting !== null);
  if (waiting.length === 0 && overflow === 0) return undefined;
  const first = overflow > 0 ? 0 : Math.min(...waiting.map((it) => it.nextAttemptAt));
  return Math.max(first, nextMessageAt, groupUntil ?? 0);
}

/**
 * Corrects times that lie too far in the future, because a clock that was ahead wrote them: they
 * must not silence a channel until that time comes.
 */
export function correctTimes(outbox: Outbox, rules: AlertRules, nowMs: number): void {
  const atMost = (timeMs: number, waitMs: number): number =>
    timeMs > nowMs + waitMs + CLOCKS_DIFFER_MS ? nowMs + waitMs : timeMs;
  const { failures, nextMessageAt, groupUntil, inFlight } = outbox;
  outbox.nextMessageAt = atMost(nextMessageAt, failures > 0 ? RETRY_AFTER_MS_MAX : rules.limitMs);
  if (groupUntil !== null) outbox.groupUntil = atMost(groupUntil, rules.groupMs);
  if (inFlight) outbox.inFlight = { ...inFlight, until: atMost(inFlight.until, IN_FLIGHT_MS) };
  for (const it of outbox.alerts.values()) {
    // Nobody knows when it was, so the alert is sent again.
    if ((it.notifiedAt ?? 0) > nowMs + CLOCKS_DIFFER_MS) it.notifiedAt = null;
    if (it.notifiedBefore !== null) it.notifiedBefore = atMost(it.notifiedBefore, 0);
    it.nextAttemptAt = atMost(it.nextAttemptAt, SPIKE_MS);
  }
}
