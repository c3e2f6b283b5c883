import { isOver } from "../../contract/alert-event.ts";
import type { AlertMessage } from "../alert-message.ts";
import {
  type ChannelMemory,
  type Flight,
  type HeldAlert,
  isSame,
  TELLINGS_MAX,
  type Told,
  withHeld,
  withTold,
  withUntold,
} from "./channel-memory.ts";

/** Refused so often for good, an alert is only counted: what a server does not like must not stop the others. */
const REFUSALS_MAX = 3;

/** Wait after a message that could not be sent; doubled after each further one up to ten minutes. */
const RETRY_MS = 30_000;
const RETRY_MS_MAX = 600_000;

/** A server that asks for a longer wait is asked again after an hour: it must not silence a channel for good. */
export const ASKED_MS_MAX = 3_600_000;

/** When a message is looked for. */
export interface TakeOff {
  readonly nowMs: number;
  /** Of the new message. */
  readonly id: string;
  /** It is over by then, or its sender is gone. */
  readonly untilMs: number;
  /** Whether what is being gathered is sent as it is: the process ends. */
  readonly isLast?: boolean;
}

/** Takes what may be sent now as one message; undefined when there is nothing, or it is too early. */
export function takeFlight(
  memory: ChannelMemory,
  { nowMs, id, untilMs, isLast = false }: TakeOff,
): { readonly memory: ChannelMemory; readonly flight: Flight } | undefined {
  const ready = recalled(memory, nowMs);
  if (ready.flight || nowMs < ready.nextAtMs) return undefined;
  if (!isLast && nowMs < (ready.groupUntilMs ?? 0)) return undefined;
  const due = ready.held.filter((it) => it.notBeforeMs <= nowMs);
  if (due.length === 0 && ready.more === 0) return undefined;
  const { groupUntilMs: _, ...rest } = ready;
  const { items, counted } = withAgain(ready, due);
  const flight: Flight = { id, untilMs, items, more: ready.more };
  const held = ready.held.filter((it) => it.notBeforeMs > nowMs);
  return { memory: { ...withTold(rest, counted, nowMs), held, more: 0, flight }, flight };
}

/** What a flight says. */
export function messageOfFlight({ items, more }: Flight): AlertMessage {
  return { items: items.map(({ event, count }) => ({ event, count })), more };
}

/** The message was taken: only now it counts as told. */
export function landed(
  memory: ChannelMemory,
  flight: Flight,
  { nowMs, limitMs }: { readonly nowMs: number; readonly limitMs: number },
): ChannelMemory {
  const byKey = Map.groupBy(flight.items, (it) => it.event.key);
  const entries = [...byKey].map(([key, items]): [string, Told] => {
    const { again = 0, tellings = [] } = memory.told[key] ?? {};
    const isBeginning = items.some((it) => !isOver(it.event));
    const isEnd = items.some((it) => isOver(it.event));
    const lastTwo = isBeginning ? [...tellings, nowMs].slice(-TELLINGS_MAX) : tellings;
    return [key, { atMs: nowMs, isOpen: !isEnd, again, tellings: lastTwo }];
  });
  const next = { ...withTold(memory, entries, nowMs), failures: 0, nextAtMs: nowMs + limitMs };
  return withoutFlight(next, flight);
}

/** The message was not taken: its alerts wait for the next one. */
export function failed(
  memory: ChannelMemory,
  flight: Flight,
  { nowMs, retryAfterMs }: { readonly nowMs: number; readonly retryAfterMs: number | undefined },
): ChannelMemory {
  const failures = memory.failures + 1;
  const backoffMs = Math.min(RETRY_MS * 2 ** (failures - 1), RETRY_MS_MAX);
  const nextAtMs = nowMs + Math.max(Math.min(retryAfterMs ?? 0, ASKED_MS_MAX), backoffMs);
  if (memory.flight?.id !== flight.id) return { ...memory, failures, nextAtMs };
  const isForGood = retryAfterMs === undefined;
  const items = isForGood
    ? flight.items.map((it) => ({ ...it, refusals: (it.refusals ?? 0) + 1 }))
    : flight.items;
  return { ...putBack(memory, { ...flight, items }, nowMs), failures, nextAtMs };
}

/** What is left when a channel turns out not to be set up: nothing waits for it. */
export function dropped(memory: ChannelMemory, flight: Flight): ChannelMemory {
  return withoutFlight(memory, flight);
}

/** When something may be sent next; undefined when nothing waits. */
export function nextTakeOff({ flight, held, more, ...memory }: ChannelMemory): number | undefined {
  const first = Math.min(...held.map((it) => it.notBeforeMs), ...(more > 0 ? [0] : []));
  if (flight) return flight.untilMs;
  if (first === Number.POSITIVE_INFINITY) return undefined;
  return Math.max(first, memory.nextAtMs, memory.groupUntilMs ?? 0);
}

/** A message whose sender vanished is sent by who comes next: once too often is better than never. */
function recalled(memory: ChannelMemory, nowMs: number): ChannelMemory {
  const { flight } = memory;
  return flight && flight.untilMs <= nowMs ? putBack(memory, flight, nowMs) : memory;
}

function putBack(memory: ChannelMemory, flight: Flight, nowMs: number): ChannelMemory {
  const givenUp = flight.items.filter(isGivenUp);
  const begun = memory.held.filter((it) => !isOver(it.event)).map((it) => it.event.key);
  // An end whose beginning came again meanwhile is none any more.
  const isBegun = ({ event }: HeldAlert) => isOver(event) && begun.includes(event.key);
  const back = flight.items.filter((it) => !isGivenUp(it));
  const left = withUntold(withoutFlight(memory, flight), back.filter(isBegun), nowMs);
  const more = givenUp.reduce((sum, { count }) => sum + count, memory.more + flight.more);
  const held = merged([...back.filter((it) => !isBegun(it)), ...memory.held]);
  return withHeld({ ...left, more }, held);
}

/** The same alert is one, however often it was put back. */
function merged(alerts: readonly HeldAlert[]): HeldAlert[] {
  return alerts.reduce<HeldAlert[]>((kept, alert) => {
    const at = kept.findIndex((it) => isSame(it.event, alert.event));
    const first = kept[at];
    if (!first) return [...kept, alert];
    return kept.with(at, { ...first, count: first.count + alert.count });
  }, []);
}

function isGivenUp({ refusals = 0 }: HeldAlert): boolean {
  return refusals >= REFUSALS_MAX;
}

function withoutFlight(memory: ChannelMemory, { id }: Flight): ChannelMemory {
  if (memory.flight?.id !== id) return memory;
  const { flight: _, ...rest } = memory;
  return rest;
}

/** What was counted since the last message about a key goes with the first alert about it. */
function withAgain({ told }: ChannelMemory, due: readonly HeldAlert[]) {
  const counted = new Map<string, Told>();
  const items = due.map((it) => {
    const { key } = it.event;
    const known = counted.has(key) ? undefined : told[key];
    if (known) counted.set(key, { ...known, again: 0 });
    return { ...it, count: it.count + (known?.again ?? 0) };
  });
  return { items, counted: [...counted] };
}
