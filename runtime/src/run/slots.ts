import type { ManifestJob } from "../contract/job.ts";
import { nextRuns, type Schedule } from "../schedule/schedule.ts";

const DAY_MS = 86_400_000;

/** How far back the slot of a late tick is searched; the shortest window comes first because it costs least. */
const WINDOWS_MS = [3_600_000, DAY_MS, 8 * DAY_MS];

/**
 * How far back missed slots are searched, in days, shortest first: the last day is enough for a job
 * of every minute, the last window finds a yearly one. Older slots are not made up for.
 */
const LOOK_BACK_DAYS = [1, 8, 63, 400];

/** Default number of missed slots that the policy `all` runs. */
const CATCH_UP_MAX = 10;

/** A slot to run, and why: it is due, it was missed, or the process has started. */
export interface DueSlot {
  readonly slot: Date;
  readonly actor: "schedule" | "catch-up" | "start";
}

/** From the newest slot that some process has handled until now. */
export interface Span {
  readonly last: Date | undefined;
  readonly now: Date;
}

/** The slots after `from` and until `until`, oldest first. */
function slotsBetween(schedule: Schedule, from: Date, until: Date): Date[] {
  const slots: Date[] = [];
  let [next] = nextRuns(schedule, from, 1);
  while (next !== undefined && next <= until) {
    slots.push(next);
    [next] = nextRuns(schedule, next, 1);
  }
  return slots;
}

/** The latest slot at or before `now` within the last `windowMs`. */
export function latestSlot(schedule: Schedule, now: Date, windowMs: number): Date | undefined {
  return slotsBetween(schedule, new Date(now.getTime() - windowMs - 1), now).at(-1);
}

/** The slot of a tick at `now`, or `now` itself when no slot is near. */
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

/**
 * The slots to run after an outage, by the job's catch-up policy.
 *
 * Slots are instants of the schedule, so a clock that goes back finds none that was handled, and a
 * job that never ran has missed nothing.
 */
export function missedSlots(job: ManifestJob, schedule: Schedule, span: Span): DueSlot[] {
  const { policy = "latest", max = CATCH_UP_MAX } = job.catchUp ?? {};
  if (policy === "none") return [];
  const wanted = policy === "latest" ? 1 : max;
  const missed = newestSlots(schedule, span, wanted).filter((it) => isInTime(job, it, span.now));
  return missed.map((slot) => ({ slot, actor: "catch-up" }));
}

/** Whether the job's latest start still allows this slot. */
export function isInTime(job: ManifestJob, slot: Date, now: Date): boolean {
  if (job.latestStartSeconds === undefined) return true;
  return now.getTime() - slot.getTime() <= job.latestStartSeconds * 1000;
}

/**
 * Delay between a slot and its run, in ms. It is constant for a job in a process: jobs of the same
 * second are spread, and two runs of a job keep their distance.
 */
export function jitterMs(job: ManifestJob, processName: string): number {
  if (job.jitterSeconds === undefined) return 0;
  // Only jobs with jitter load it: `node:crypto` takes 5 ms to load.
  const { createHash } = process.getBuiltinModule("node:crypto");
  const hash = createHash("sha256").update(`${processName}\0${job.name}`).digest();
  return Math.floor((hash.readUInt32BE(0) / 2 ** 32) * job.jitterSeconds * 1000);
}

/** The newest slots after `last` and until `now`, oldest first. */
function newestSlots(schedule: Schedule, { last, now }: Span, wanted: number): Date[] {
  let slots: Date[] = [];
  if (last === undefined) return slots;
  for (const days of LOOK_BACK_DAYS) {
    const from = new Date(Math.max(last.getTime(), now.getTime() - days * DAY_MS));
    slots = slotsBetween(schedule, from, now);
    if (slots.length >= wanted || from <= last) break;
  }
  return slots.slice(-wanted);
}
