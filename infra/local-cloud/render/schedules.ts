import { Cron } from "croner";

import { badRequest } from "../api-error.ts";

/** Render takes five fields, no seconds and no nicknames, and reads them in UTC. */
const OPTIONS = { mode: "5-part", timezone: "UTC", paused: true } as const;

/** Refuses a schedule that has no meaning. */
export function ensureSchedule(schedule: string | undefined): void {
  if (!schedule) throw badRequest("serviceDetails.schedule is required");

  try {
    if (!schedule.startsWith("@") && new Cron(schedule, OPTIONS)) return;
  } catch {
    // The reason is in the library's words; Render's are unknown, so ours follow.
  }
  throw badRequest(`invalid schedule: ${schedule} is not a cron expression of five fields`);
}

/** The next run of a schedule that has been accepted; undefined when there is none. */
export function nextRun(schedule: string, afterMs: number): Date | undefined {
  return new Cron(schedule, OPTIONS).nextRun(new Date(afterMs)) ?? undefined;
}
