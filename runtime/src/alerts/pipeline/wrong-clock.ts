import { type PipelineRules, SPIKE_MS } from "./admission.ts";
import { type ChannelMemory, CLOCKS_DIFFER_MS } from "./channel-memory.ts";
import { ASKED_MS_MAX } from "./flight.ts";

/** What a time can be at most. */
interface Limits {
  readonly rules: PipelineRules;
  readonly nowMs: number;
  /** A message that leaves now is told, or its sender gone, by then. */
  readonly flightUntilMs: number;
}

/**
 * The memory without times that nobody can have written by now: a clock that was ahead, and was set
 * back, must not silence a channel until that time comes.
 */
export function withoutWrongTimes(
  memory: ChannelMemory,
  { rules, nowMs, flightUntilMs }: Limits,
): ChannelMemory {
  let isWrong = false;
  const corrected = (timeMs: number, latestMs: number): number => {
    if (timeMs <= latestMs + CLOCKS_DIFFER_MS) return timeMs;
    isWrong = true;
    return latestMs;
  };
  const { nextAtMs, failures, groupUntilMs, told, held, flight } = memory;
  const waitMs = failures > 0 ? ASKED_MS_MAX : rules.limitMs;
  const right: ChannelMemory = {
    ...memory,
    nextAtMs: corrected(nextAtMs, nowMs + waitMs),
    ...(groupUntilMs === undefined
      ? {}
      : { groupUntilMs: corrected(groupUntilMs, nowMs + rules.groupMs) }),
    ...(flight ? { flight: { ...flight, untilMs: corrected(flight.untilMs, flightUntilMs) } } : {}),
    held: held.map((it) => ({ ...it, notBeforeMs: corrected(it.notBeforeMs, nowMs + SPIKE_MS) })),
    told: Object.fromEntries(
      Object.entries(told).map(([key, it]) => {
        const tellings = it.tellings.map((timeMs) => corrected(timeMs, nowMs));
        return [key, { ...it, atMs: corrected(it.atMs, nowMs), tellings }];
      }),
    ),
  };
  return isWrong ? right : memory;
}
