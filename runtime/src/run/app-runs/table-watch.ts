import { setTimeout as sleep } from "node:timers/promises";
import type { ManifestJob } from "../../contract/job.ts";
import { openDatabase, type Database } from "../../databases/postgres/database.ts";
import { appJobs, type AppRunProcess, appRunStart, endAppRun } from "./app-run.ts";
import { idOfRun, rowsQuery, runOfRow, type TableRun } from "./table-row.ts";

/** How late a run of the app may be known, in ms: one short query a job, twice a minute. */
const POLL_MS = 30_000;

/** Most rows that are taken at once; the next look takes the rest. */
const ROWS_MAX = 100;

/** Records that are looked through for what was recorded before this process began. */
const RECORDS_MAX = 100;

export interface TableWatch {
  stop(): Promise<void>;
}

/** A job with its table. */
interface Watched {
  readonly job: ManifestJob;
  readonly runs: NonNullable<ManifestJob["appRuns"]>;
  readonly database: Database;
  /** Newest run that was taken. */
  lastAt: Date | undefined;
  isInTrouble: boolean;
}

/**
 * Turns the runs that the app writes into a table of its own into records like any other's.
 *
 * A table with one row a job shows only the latest run, so one that is overwritten between two looks
 * is never seen; its lateness is, because that is judged by the latest.
 */
export async function watchAppTables(
  process: AppRunProcess,
  pollMs = POLL_MS,
): Promise<TableWatch> {
  const watched = await open(process);
  const stopping = new AbortController();
  const { signal } = stopping;
  const done = (async () => {
    while (watched.length > 0 && !signal.aborted) {
      for (const each of watched) await look(process, each);
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await done;
      await Promise.all(
        [...new Set(watched.map(({ database }) => database))].map((it) => it.close()),
      );
    },
  };
}

async function open(process: AppRunProcess): Promise<Watched[]> {
  const databases = new Map<string, Promise<Database>>();
  const watched = appJobs(process).map(async (job): Promise<Watched[]> => {
    const runs = job.appRuns;
    if (!runs) return [];
    const opened = databases.get(runs.urlEnv) ?? openDatabase(runs.urlEnv, process.env);
    databases.set(runs.urlEnv, opened);
    return [{ job, runs, database: await opened, lastAt: undefined, isInTrouble: false }];
  });
  return (await Promise.all(watched)).flat();
}

async function look(process: AppRunProcess, watched: Watched): Promise<void> {
  const { job, runs, database, lastAt } = watched;
  const log = process.log.child({ job: job.name });
  try {
    const name = runs.job ?? job.name;
    const values = [name, lastAt?.toISOString() ?? null];
    const verb = `read the app's runs of ${job.name}`;
    for (const row of await database.query(verb, rowsQuery(runs, ROWS_MAX), values)) {
      const run = runOfRow(row);
      if (run) await take(process, watched, run);
    }
    if (watched.isInTrouble) log.info("the app's runs can be read again");
    watched.isInTrouble = false;
  } catch (error) {
    if (!watched.isInTrouble) log.warn({ err: error }, "the app's runs cannot be read");
    watched.isInTrouble = true;
  }
}

async function take(process: AppRunProcess, watched: Watched, run: TableRun): Promise<void> {
  const { job, runs } = watched;
  const runId = idOfRun(runs.table, job.name, run.startedAt);
  const isFirst = watched.lastAt === undefined;
  if (!isFirst || !(await isRecorded(process, job.name, runId))) {
    const start = appRunStart(process, job.name, { startedAt: run.startedAt, runId });
    await endAppRun(process, start, run);
  }
  watched.lastAt = run.startedAt;
}

async function isRecorded(process: AppRunProcess, job: string, runId: string): Promise<boolean> {
  const records = await process.records.list({ job, limit: RECORDS_MAX });
  return records.some((record) => record.runId === runId);
}
