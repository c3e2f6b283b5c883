import { createHash } from "node:crypto";
import type { ManifestJob } from "../../contract/job.ts";
import { slotsBetween } from "../slot.ts";
import type { Schedule } from "../../schedule/schedule.ts";

/** Why a job runs now: its slot is due, was missed, or its process has started. */
export type SlotActor = "schedule" | "catch-up" | "start";

/** One slot of one job that is to be run, or was let go. */
export interface DueSlot {
  readonly slot: Date;
  readonly actor: SlotActor;
}

/**
 * How far back missed slots are looked for, in days, one step after the other: a job of every
 * minute has enough in the last day, one of every year is found in the last step. What was missed
 * earlier than that is not made up for.
 */
const LOOK_BACK_DAYS = [1, 8, 63, 400];

/** One day in milliseconds. */
const DAY_MS = 86_400_000;

/** Missed slots that `all` makes up for when the manifest names no number. */
const CATCH_UP_MAX = 10;

/**
 * What must run after an outage: the slots after `last` (the newest slot that was handled, by
 * whomever) and until `now`, by the job's policy.
 *
 * Slots are instants of the canonical schedule, so a clock that went backwards finds none that has
 * been handled, and a job that has never run has missed nothing.
 */
export function missedSlots(job: ManifestJob, schedule: Schedule, span: Span): DueSlot[] {
  const { policy = "latest", max = CATCH_UP_MAX } = job.catchUp ?? {};
  if (policy === "none") return [];
  const wanted = policy === "latest" ? 1 : max;
  const missed = newestSlots(schedule, span, wanted).filter((it) => isInTime(job, it, span.now));
  return missed.map((slot) => ({ slot, actor: "catch-up" }));
}

/** The time between the newest slot that was handled and now. */
export interface Span {
  readonly last: Date | undefined;
  readonly now: Date;
}

/** Whether a slot may still be started: nothing starts later than the job's latest start. */
export function isInTime(job: ManifestJob, slot: Date, now: Date): boolean {
  if (job.latestStartSeconds === undefined) return true;
  return now.getTime() - slot.getTime() <= job.latestStartSeconds * 1000;
}

/**
 * How much later than its slot a job starts: the same for each run of a job in a process, so that
 * jobs of one second are spread and two runs keep their distance.
 */
export function jitterMs(job: ManifestJob, process: string): number {
  if (job.jitterSeconds === undefined) return 0;
  const hash = createHash("sha256").update(`${process}\0${job.name}`).digest();
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
