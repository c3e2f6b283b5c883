import { type AlertEvent, isOver } from "../../contract/alert-event.ts";
import {
  type ChannelMemory,
  type HeldAlert,
  isSame,
  TELLINGS_MAX,
  type Told,
  withHeld,
  withTold,
  withUntold,
} from "./channel-memory.ts";

/** How a channel is spared. */
export interface PipelineRules {
  /** The first alert waits so long for others, and all go in one message; 0 sends it at once. */
  readonly groupMs: number;
  /** An alert that was told is counted and not sent again before. */
  readonly repeatMs: number;
  /** Shortest time between two messages. */
  readonly limitMs: number;
}

/** `suppressed`: it is told already, or with the next message, and is counted. */
export type Verdict = "held" | "suppressed";

/** Window in which alerts are counted for the spike rule; see docs/sources.md. */
export const SPIKE_MS = 600_000;

/** Puts an alert among those that the channel sends next, unless it was told already. */
export function admit(
  memory: ChannelMemory,
  event: AlertEvent,
  { rules, nowMs }: { readonly rules: PipelineRules; readonly nowMs: number },
): { readonly memory: ChannelMemory; readonly verdict: Verdict } {
  const decided = isOver(event)
    ? admitEnd(memory, event, nowMs)
    : admitBeginning(memory, event, { rules, nowMs });
  const isFirst = decided.verdict === "held" && memory.groupUntilMs === undefined;
  if (!isFirst || rules.groupMs === 0) return decided;
  return { ...decided, memory: { ...decided.memory, groupUntilMs: nowMs + rules.groupMs } };
}

/** Notes an alert that an operator wants to hear nothing of, so that its end is not told either. */
export function admitSilenced(
  memory: ChannelMemory,
  event: AlertEvent,
  nowMs: number,
): ChannelMemory {
  const told = memory.told[event.key];
  if (isOver(event)) {
    return told?.isOpen
      ? withTold(memory, [[event.key, { ...told, isOpen: false }]], nowMs)
      : memory;
  }
  if (told || memory.held.some((it) => isSame(it.event, event))) return memory;
  const untold: Told = { atMs: nowMs, isOpen: false, again: 0, tellings: [] };
  return withTold(memory, [[event.key, untold]], nowMs);
}

type Admitted = ReturnType<typeof admit>;

function admitBeginning(
  memory: ChannelMemory,
  event: AlertEvent,
  { rules, nowMs }: { readonly rules: PipelineRules; readonly nowMs: number },
): Admitted {
  const told = memory.told[event.key];
  const isBeginning = (it: HeldAlert) => isSame(it.event, event);
  const isItsEnd = (it: HeldAlert) => it.event.key === event.key && isOver(it.event);
  const flight = memory.flight?.items ?? [];
  const isOpen = told?.isOpen === true && !flight.some(isItsEnd);
  const held = memory.held.filter((it) => !isItsEnd(it));
  const open = withUntold({ ...memory, held }, memory.held.filter(isItsEnd), nowMs);
  if (memory.held.some(isBeginning)) {
    const counted = held.map((it) => (isBeginning(it) ? { ...it, count: it.count + 1 } : it));
    return { memory: { ...open, held: counted }, verdict: "suppressed" };
  }
  const isOnItsWay = flight.some(isBeginning) && !flight.some(isItsEnd);
  if (isOnItsWay || (isOpen && nowMs - told.atMs < rules.repeatMs)) {
    const known = open.told[event.key] ?? { atMs: nowMs, isOpen: false, again: 0, tellings: [] };
    const counted = { ...known, again: known.again + 1 };
    return { memory: withTold(open, [[event.key, counted]], nowMs), verdict: "suppressed" };
  }
  const notBeforeMs = spikeEnd(told, nowMs) ?? nowMs;
  return hold(open, { event, count: 1, notBeforeMs });
}

/** What nobody was told of, or what is known to be over, needs no end. */
function admitEnd(memory: ChannelMemory, event: AlertEvent, nowMs: number): Admitted {
  const told = memory.told[event.key];
  const flight = memory.flight?.items ?? [];
  const isEnd = (it: HeldAlert) => isSame(it.event, event);
  const isBeginning = (it: HeldAlert) => it.event.key === event.key && !isOver(it.event);
  const beginning = memory.held.find(isBeginning);
  const isKnown = beginning !== undefined || flight.some(isBeginning);
  const isTwice = memory.held.some(isEnd) || (!beginning && flight.some(isEnd));
  if (isTwice || (told && !told.isOpen && !isKnown)) return { memory, verdict: "suppressed" };
  const notBeforeMs = beginning?.notBeforeMs ?? nowMs;
  return hold(memory, { event, count: 1, notBeforeMs });
}

/** Held, or only counted where there are too many. */
function hold(memory: ChannelMemory, alert: HeldAlert): Admitted {
  const next = withHeld(memory, [...memory.held, alert]);
  const isHeld = next.held.length > memory.held.length;
  return { memory: next, verdict: isHeld ? "held" : "suppressed" };
}

/** Until when something that comes and goes is not told again; undefined when it may be. */
function spikeEnd(told: Told | undefined, nowMs: number): number | undefined {
  const oldest = told?.tellings.at(-TELLINGS_MAX);
  if (oldest === undefined) return undefined;
  const endMs = oldest + SPIKE_MS;
  return endMs > nowMs ? endMs : undefined;
}
