import { nextRuns, type Schedule } from "../schedule/schedule.ts";

/** How far back the slot of a late tick is looked for, shortest first: the next window costs more. */
const WINDOWS_MS = [3_600_000, 24 * 3_600_000, 8 * 24 * 3_600_000];

/** The slots after `from` and until `until`, oldest first. */
export function slotsBetween(schedule: Schedule, from: Date, until: Date): Date[] {
  const slots: Date[] = [];
  let [next] = nextRuns(schedule, from, 1);
  while (next !== undefined && next <= until) {
    slots.push(next);
    [next] = nextRuns(schedule, next, 1);
  }
  return slots;
}

/** The latest slot at or before `now`, if there is one within the last `windowMs`. */
export function latestSlot(schedule: Schedule, now: Date, windowMs: number): Date | undefined {
  return slotsBetween(schedule, new Date(now.getTime() - windowMs - 1), now).at(-1);
}

/** The slot for which a tick at `now` was meant, or `now` itself when no slot is near. */
export function slotOfTick(schedule: Schedule, now: Date): Date {
  if (schedule.everySeconds !== undefined) {
    const everyMs = schedule.everySeconds * 1000;
    return new Date(Math.floor(now.getTime() / everyMs) * everyMs);
  }
  for (const windowMs of WINDOWS_MS) {
    const slot = latestSlot(schedule, now, windowMs);
    if (slot) return slot;
  }
  return now;
}
