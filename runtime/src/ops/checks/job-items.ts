import type { RunProcess } from "../../run/run.ts";
import { missedSlot, stuckRun } from "../../alerts/lateness.ts";
import type { ManifestJob } from "../../contract/job.ts";
import type { ProcessContext } from "../../run/process.ts";
import type { RunRecord, RunStart } from "../../contract/run-record.ts";
import { describeSchedule, nextRuns, type Schedule } from "../../schedule/schedule.ts";
import { bindSchedule } from "../../contract/bindings.ts";
import type { CheckItem } from "./check-item.ts";

/** Newest records of a job that are looked at: enough to find the last one that was really run. */
const RECORDS_MAX = 50;

/** That schedules can be read, and that jobs ran well and when they should. */
export async function jobItems(process: RunProcess, since: Date): Promise<CheckItem[]> {
  const { jobs } = process.manifest;
  const unfinished = Map.groupBy(await process.records.unfinished(), ({ job }) => job);
  const items = jobs.map(async (job) => {
    const { schedule, item } = scheduleItem(process, job);
    const records = await process.records.list({ job: job.name, limit: RECORDS_MAX });
    const known = { records, unfinished: unfinished.get(job.name) ?? [] };
    const span = { since, now: process.clock.now() };
    return [...item, runItem(job, known, { schedule, span })];
  });
  return (await Promise.all(items)).flat();
}

function scheduleItem(
  { env, clock }: ProcessContext,
  { name, schedule: declared }: ManifestJob,
): { readonly schedule: Schedule | undefined; readonly item: readonly CheckItem[] } {
  if (!declared) return { schedule: undefined, item: [] };
  const item = { group: "schedules", name };
  try {
    const schedule = bindSchedule({ name, schedule: declared }, env);
    const now = clock.now();
    const words = describeSchedule(schedule, now);
    const [next] = nextRuns(schedule, now, 1);
    const isStartOnly = schedule.pattern === undefined && schedule.everySeconds === undefined;
    if (next || isStartOnly) {
      const detail = next ? `${words}; next at ${next.toISOString()}` : words;
      return { schedule, item: [{ ...item, result: "OK", detail }] };
    }
    return { schedule, item: [{ ...item, result: "CHECK", detail: `${words}; never due` }] };
  } catch (error) {
    const detail = error instanceof Error ? error.message : "it cannot be read";
    return { schedule: undefined, item: [{ ...item, result: "FAIL", detail }] };
  }
}

interface Known {
  readonly records: readonly RunRecord[];
  readonly unfinished: readonly RunStart[];
}

interface Due {
  readonly schedule: Schedule | undefined;
  readonly span: { readonly since: Date; readonly now: Date };
}

function runItem(job: ManifestJob, known: Known, { schedule, span }: Due): CheckItem {
  const item = { group: "jobs", name: job.name };
  const stuck = stuckRun(job, known, span.now);
  if (stuck) return { ...item, result: "FAIL", detail: `does not end since ${stuck.startedAt}` };
  // A cron job of its own is late by its own records only, and those of `call` by whoever calls.
  const late = schedule && missedSlot(job, schedule, { runs: known, ...span });
  if (late) return { ...item, result: "FAIL", detail: `did not run at ${late.toISOString()}` };
  const [last] = known.records;
  if (!last) return { ...item, result: "CHECK", detail: "never ran" };
  const when = `${last.status} at ${last.startedAt}`;
  if (last.status === "ok" || last.status === "skipped") {
    return { ...item, result: "OK", detail: when };
  }
  return { ...item, result: "FAIL", detail: last.error === null ? when : `${when}: ${last.error}` };
}
