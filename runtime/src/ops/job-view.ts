import type { RunProcess } from "../run/run.ts";
import type { ManifestJob } from "../contract/job.ts";
import { inputNames, type InputName } from "../jobs/catalog.ts";
import type { RunRecord, RunStart } from "../contract/run-record.ts";
import { describeSchedule, nextRuns, type Schedule } from "../schedule/schedule.ts";
import { bindSchedule } from "../contract/bindings.ts";

/** Next runs that are shown. */
const NEXT_RUNS = 3;

/** A coming run in the zone of its schedule and in UTC. */
interface NextRun {
  readonly local: string;
  readonly utc: string;
}

/** A job as operators look at it. */
export interface JobView {
  readonly name: string;
  readonly uses: string;
  readonly startedBy: ManifestJob["startedBy"];
  readonly schedule: string | null;
  readonly timezone: string | null;
  readonly next: readonly NextRun[];
  readonly running: readonly RunStart[];
  readonly last: RunRecord | null;
  readonly lastOk: string | null;
  readonly toggles: readonly {
    readonly name: string;
    readonly on: boolean;
    readonly reason: string;
  }[];
  /** What may be said when it is run by hand. */
  readonly inputs: readonly InputName[];
}

/** The state of each job now. The records of all jobs take two queries. */
export async function viewJobs(
  process: RunProcess,
  jobs: readonly ManifestJob[],
): Promise<JobView[]> {
  const names = jobs.map(({ name }) => name);
  const last = await process.records.latest({ jobs: names });
  const lastOk = await process.records.latest({ jobs: names, status: "ok" });
  return await Promise.all(
    jobs.map((job) =>
      viewJob(process, job, { last: last.get(job.name), lastOk: lastOk.get(job.name) }),
    ),
  );
}

async function viewJob(
  process: RunProcess,
  job: ManifestJob,
  { last, lastOk }: { last: RunRecord | undefined; lastOk: RunRecord | undefined },
): Promise<JobView> {
  const schedule = job.schedule
    ? bindSchedule({ name: job.name, schedule: job.schedule }, process.env)
    : undefined;
  const now = process.clock.now();
  const toggles = (job.toggles ?? []).map(async (name) => ({
    name,
    ...(await process.toggles.isOn(name)),
  }));
  return {
    name: job.name,
    uses: job.uses,
    startedBy: job.startedBy,
    schedule: schedule ? describeSchedule(schedule, now) : null,
    timezone: schedule?.timezone ?? null,
    next: schedule ? comingRuns(schedule, now) : [],
    running: [...process.active.values()].filter((run) => run.job === job.name),
    last: last ?? null,
    lastOk: lastOk?.startedAt ?? null,
    toggles: await Promise.all(toggles),
    inputs: inputNames(job.uses),
  };
}

function comingRuns(schedule: Schedule, now: Date): NextRun[] {
  return nextRuns(schedule, now, NEXT_RUNS).map((at) => ({
    local: localTime(at, schedule.timezone),
    utc: at.toISOString(),
  }));
}

/** As `2026-03-29 10:00:00 GMT+02:00`: the offset tells the two hours of an overlap apart. */
function localTime(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  const offset = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" })
    .formatToParts(at)
    .find(({ type }) => type === "timeZoneName");
  return `${format.format(at)} ${offset?.value ?? ""}`.trimEnd();
}
