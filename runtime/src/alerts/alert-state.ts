import { type AlertEvent, isResolved } from "../contract/alert-event.ts";
import type { MessageItem } from "./alert-message.ts";

/** News of one alert: it fires, it is resolved, or first the one and then the other. */
export interface AlertNews {
  readonly firing?: AlertEvent | undefined;
  readonly resolved?: AlertEvent | undefined;
}

/** The state of one alert in one channel: a row of the alert store. Times are epoch milliseconds. */
export interface AlertState {
  readonly key: string;
  /** Null when it is resolved or silenced. */
  readonly firingSince: number | null;
  /** The last message said that it fires, so the readers expect a resolved notice. */
  readonly isNotified: boolean;
  /** When the last message said that it fires, and the one before. */
  readonly notifiedAt: number | null;
  readonly notifiedBefore: number | null;
  /** Alerts since the last message; the next message counts them. */
  readonly count: number;
  /** News for the next message. */
  readonly waiting: AlertNews;
  readonly nextAttemptAt: number;
  /** Messages with it that a server refused for good. */
  readonly refusals: number;
  /** News in the message that is in flight, with the count that the message says. */
  readonly inFlight: (AlertNews & { readonly count: number }) | null;
  readonly updatedAt: number;
}

/** What happens to an alert that is admitted. */
export interface Admission {
  readonly state: AlertState;
  /** `suppressed`: it is deduplicated, and the next message counts it. */
  readonly verdict: "held" | "suppressed";
}

/** A third message about the same alert within this time waits. See docs/sources.md. */
export const SPIKE_MS = 600_000;

/** A message that a server refuses so often for good is only counted, so that others get through. */
const REFUSALS_MAX = 3;

export function newAlertState(key: string, nowMs: number): AlertState {
  return {
    key,
    firingSince: null,
    isNotified: false,
    notifiedAt: null,
    notifiedBefore: null,
    count: 0,
    waiting: {},
    nextAttemptAt: nowMs,
    refusals: 0,
    inFlight: null,
    updatedAt: nowMs,
  };
}

export function isWaiting({ waiting }: AlertState): boolean {
  return waiting.firing !== undefined || waiting.resolved !== undefined;
}

/** Whether its news is still to be delivered. */
export function isPending(state: AlertState): boolean {
  return isWaiting(state) || state.inFlight !== null;
}

/** Admits one alert: it waits for the next message, or it is deduplicated. */
export function admitAlert(
  before: AlertState | undefined,
  event: AlertEvent,
  { repeatMs, nowMs }: { readonly repeatMs: number; readonly nowMs: number },
): Admission {
  if (isResolved(event)) return admitResolved(before, event, nowMs);
  const known = before ?? newAlertState(event.key, nowMs);
  const { waiting, inFlight, notifiedAt, notifiedBefore } = known;
  const state: AlertState = {
    ...known,
    firingSince: known.firingSince ?? nowMs,
    count: known.count + 1,
    // It fires again, so a resolved notice that waits would be wrong.
    waiting: { firing: waiting.firing },
    updatedAt: nowMs,
  };
  const isAnnounced = waiting.firing ?? (inFlight?.resolved ? undefined : inFlight?.firing);
  const isRecent =
    known.isNotified && !inFlight?.resolved && notifiedAt !== null && nowMs - notifiedAt < repeatMs;
  if (isAnnounced || isRecent) return { state, verdict: "suppressed" };
  const nextAttemptAt = Math.max(nowMs, notifiedBefore === null ? 0 : notifiedBefore + SPIKE_MS);
  return {
    state: { ...state, waiting: { firing: event }, nextAttemptAt, refusals: 0 },
    verdict: "held",
  };
}

/**
 * A resolved notice waits if the readers know of the alert, or will. Without any state it waits too:
 * a process without this store may have sent the alert.
 */
function admitResolved(
  before: AlertState | undefined,
  event: AlertEvent,
  nowMs: number,
): Admission {
  const known = before ?? { ...newAlertState(event.key, nowMs), isNotified: true };
  if (before?.firingSince === null) return { state: before, verdict: "suppressed" };
  const state: AlertState = { ...known, firingSince: null, updatedAt: nowMs };
  const { waiting, inFlight, nextAttemptAt } = known;
  if (!known.isNotified && !waiting.firing && !inFlight?.firing) {
    return { state, verdict: "suppressed" };
  }
  return {
    state: {
      ...state,
      waiting: { ...waiting, resolved: event },
      nextAttemptAt: waiting.firing ? nextAttemptAt : nowMs,
    },
    verdict: "held",
  };
}

/** Notes an alert that is silenced, so that its resolved notice is not sent either. */
export function silenceAlert(
  before: AlertState | undefined,
  event: AlertEvent,
  nowMs: number,
): AlertState | undefined {
  if (!isResolved(event)) return before ?? newAlertState(event.key, nowMs);
  if (!before || before.firingSince === null) return before;
  return { ...before, firingSince: null, isNotified: false, waiting: {}, updatedAt: nowMs };
}

/** Moves the waiting news into the message that is in flight. */
export function startDelivery(state: AlertState): AlertState {
  return { ...state, waiting: {}, count: 0, inFlight: { ...state.waiting, count: state.count } };
}

/** Notes that the readers got the news. */
export function confirmDelivery(state: AlertState, news: AlertNews, nowMs: number): AlertState {
  const times = news.firing ? { notifiedAt: nowMs, notifiedBefore: state.notifiedAt } : {};
  const isNotified = news.resolved === undefined;
  return { ...state, ...times, isNotified, refusals: 0, updatedAt: nowMs };
}

/** Merges the news of a message that was not delivered with what came in the meantime. */
export function returnToWaiting(state: AlertState, nowMs: number): AlertState {
  const { waiting, inFlight } = state;
  if (!inFlight) return state;
  // The alert fires again, so the resolved notice in the message is out of date.
  const resolved = waiting.resolved ?? (waiting.firing ? undefined : inFlight.resolved);
  const firing = inFlight.firing ?? waiting.firing;
  const isStillNews = inFlight.firing ?? (waiting.firing ? undefined : inFlight.resolved);
  return {
    ...state,
    waiting: { firing, resolved },
    count: state.count + inFlight.count,
    nextAttemptAt: isStillNews ? nowMs : state.nextAttemptAt,
    inFlight: null,
  };
}

/** Counts a message that a server refused for good; `isGivenUp` when it is not tried again. */
export function countRefusal(state: AlertState): {
  readonly state: AlertState;
  readonly isGivenUp: boolean;
} {
  const refusals = state.refusals + 1;
  if (refusals < REFUSALS_MAX) return { state: { ...state, refusals }, isGivenUp: false };
  return { state: { ...state, refusals: 0, inFlight: null }, isGivenUp: true };
}

/** The items of a message about one alert. Its first item says how often the alert came. */
export function itemsOf({ firing, resolved, count }: AlertNews & { count: number }): MessageItem[] {
  if (!firing) return resolved ? [{ event: resolved, count: count + 1 }] : [];
  const first = { event: firing, count };
  return resolved ? [first, { event: resolved, count: 1 }] : [first];
}
