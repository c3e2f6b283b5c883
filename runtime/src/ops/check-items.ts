import { constants } from "node:fs";
import { access, lstat, realpath } from "node:fs/promises";
import { missedSlot, stuckRun } from "../alerts/lateness.ts";
import { bindSchedule } from "../contract/bindings.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { RunRecord } from "../contract/run-record.ts";
import type { ProcessContext } from "../run/process.ts";
import type { RunProcess } from "../run/run.ts";
import { type Schedule, describeSchedule, nextRuns } from "../schedule/schedule.ts";
import { type PersistedPath, persistedPaths } from "../supervise/links.ts";

/** `CHECK`: needs attention, but nothing is broken. `FAIL`: something does not work. */
export type CheckVerdict = "OK" | "CHECK" | "FAIL";

/** The result of one check. */
export interface CheckItem {
  readonly group: string;
  readonly name: string;
  readonly result: CheckVerdict;
  /** The finding, without secrets. */
  readonly detail: string;
}

/** The results of all checks. */
export interface CheckReport {
  readonly overall: CheckVerdict;
  readonly items: readonly CheckItem[];
}

/** The overall result is the worst of the items. */
export function reportOf(items: readonly CheckItem[]): CheckReport {
  const results = new Set(items.map(({ result }) => result));
  const worst = (["FAIL", "CHECK"] as const).find((it) => results.has(it));
  return { overall: worst ?? "OK", items };
}

/** Checks that the disk exists and is writable, and that each persisted path of the app leads to it. */
export async function fileItems({ manifest, directory }: ProcessContext): Promise<CheckItem[]> {
  const { disk } = manifest;
  if (!disk) return [];
  const group = "files";
  const diskProblem = await writeProblem(disk.mount);
  const mount: CheckItem = diskProblem
    ? { group, name: disk.mount, result: "FAIL", detail: diskProblem }
    : { group, name: disk.mount, result: "OK", detail: "the disk is there and can be written" };
  const paths = persistedPaths(manifest, directory).map(async (persisted): Promise<CheckItem> => {
    const { path } = persisted;
    const problem = await linkProblem(persisted);
    if (problem) return { group, name: path, result: "FAIL", detail: problem };
    return { group, name: path, result: "OK", detail: `is on the disk at ${persisted.target}` };
  });
  return [mount, ...(await Promise.all(paths))];
}

async function linkProblem(persisted: PersistedPath): Promise<string | undefined> {
  const { link, target, isMarker, kind } = persisted;
  const found = await lstat(link).catch(() => undefined);
  const [leadsTo, isAt] = await Promise.all([realOf(link), realOf(target)]);
  if (isAt === undefined) {
    // A file that was not written yet is not a problem; its link exists before it.
    const isExpected = isMarker || kind === "file";
    if (!isExpected) return "the directory is not on the disk";
    return found === undefined || found.isSymbolicLink() ? undefined : "is not on the disk";
  }
  if (leadsTo === isAt) return writeProblem(isAt);
  return found === undefined ? "the link to the disk is missing" : "does not lead to the disk";
}

async function realOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

async function writeProblem(path: string): Promise<string | undefined> {
  return access(path, constants.R_OK | constants.W_OK).then(
    () => undefined,
    () => "cannot be read and written",
  );
}

/** Checks that schedules are valid, and that the last run of each job was in time and succeeded. */
export async function jobItems(process: RunProcess, since: Date): Promise<CheckItem[]> {
  const { jobs } = process.manifest;
  const names = jobs.map(({ name }) => name);
  const [started, newest, slots] = await Promise.all([
    process.records.unfinished(),
    process.records.latest({ jobs: names }),
    process.records.latest({ jobs: names, tookSlot: true }),
  ]);
  const unfinished = Map.groupBy(started, ({ job }) => job);
  const span = { since, now: process.clock.now() };
  return jobs.flatMap((job) => {
    const { name } = job;
    const { schedule, item } = scheduleItem(process, job);
    const runs = { last: slots.get(name), unfinished: unfinished.get(name) ?? [] };
    return [...item, runItem(job, { newest: newest.get(name), runs }, { schedule, span })];
  });
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
  readonly newest: RunRecord | undefined;
  readonly runs: Parameters<typeof stuckRun>[1];
}

interface Due {
  readonly schedule: Schedule | undefined;
  readonly span: { readonly since: Date; readonly now: Date };
}

function runItem(job: ManifestJob, { newest, runs }: Known, { schedule, span }: Due): CheckItem {
  const item = { group: "jobs", name: job.name };
  const stuck = stuckRun(job, runs, span.now);
  if (stuck) return { ...item, result: "FAIL", detail: `does not end since ${stuck.startedAt}` };
  // A separate cron job is late by its own records; for a job that calls start, the caller keeps the time.
  const late = schedule && missedSlot(job, schedule, { runs, ...span });
  if (late) return { ...item, result: "FAIL", detail: `did not run at ${late.toISOString()}` };
  if (!newest) return { ...item, result: "CHECK", detail: "never ran" };
  const { status, startedAt, error } = newest;
  const when = `${status} at ${startedAt}`;
  if (status === "ok" || status === "skipped") return { ...item, result: "OK", detail: when };
  return { ...item, result: "FAIL", detail: error === null ? when : `${when}: ${error}` };
}
