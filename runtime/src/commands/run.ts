import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { parseInput } from "../jobs/catalog.ts";
import { logCrashes } from "../run/crash.ts";
import { exitCodeOf } from "../run/run-outcome.ts";
import { recordCrash } from "../run/lost-runs.ts";
import { recoverLost } from "../run/lost-runs.ts";
import { type OpenProcess, openProcess } from "../run/open-process.ts";
import { runJob } from "../run/run-job.ts";
import { jobOf, type RunRequest } from "../run/run.ts";
import { loadManifest } from "../contract/load-manifest.ts";
import {
  readArguments,
  type RuntimeCommand,
  UsageError,
  usageLine,
  stopOnSignals,
  inputOf,
} from "./command.ts";

/** Interval of the timer that keeps the process alive, in ms; it does nothing else. */
const ALIVE_MS = 60_000;

/** Runs one job once and exits, for cron jobs and for people. */
export const run: RuntimeCommand = {
  name: "run",
  usage:
    "<job> [--by <who>] [--input <name>=<value>]… [--dry-run] [--due] [--scheduled-for <time>]",
  summary: "runs a job once; exits with 0, 1, 75 (try again), 78 (configuration) or 124 (deadline)",
  async run(args, env) {
    const request = requestOf(args);
    const manifest = loadManifest(env);
    parseInput(jobOf({ manifest }, request.job), request.input);
    const opened = await openProcess(manifest, env);
    logCrashes(opened.log, (error) => recordCrash(opened, error));
    stopOnSignals(opened.stop);
    try {
      return await once(opened, request);
    } finally {
      await opened.close();
    }
  },
};

async function once(opened: OpenProcess, request: RunRequest): Promise<number> {
  // Without a timer, Node exits while a job waits for something that keeps nothing open.
  const alive = setInterval(() => undefined, ALIVE_MS);
  try {
    if (!request.dryRun) await recoverLost(opened, { job: request.job });
    return exitCodeOf(await runJob(opened, request));
  } finally {
    clearInterval(alive);
  }
}

function requestOf(args: readonly string[]): RunRequest {
  const { values, positionals } = readArguments(run, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        by: { type: "string" },
        input: { type: "string", multiple: true, default: [] },
        "dry-run": { type: "boolean", default: false },
        due: { type: "boolean", default: false },
        "scheduled-for": { type: "string" },
      },
    }),
  );
  const [job, ...others] = positionals;
  if (job === undefined || others.length > 0) throw new UsageError(usageLine(run));
  const scheduledFor = values["scheduled-for"];
  return {
    job,
    actor: values.due ? "schedule" : actorOf(values.by),
    dryRun: values["dry-run"],
    input: inputOf(values.input),
    ...(scheduledFor === undefined ? {} : { scheduledFor: timeOf(scheduledFor) }),
  };
}

/** A cron job passes no name; at a terminal, the user is the actor. */
function actorOf(by: string | undefined): string {
  if (by !== undefined && by.trim() !== "") return `manual ${by.trim()}`;
  return process.stdin.isTTY ? `manual ${userInfo().username}` : "schedule";
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new UsageError(
    `--scheduled-for: "${text}" is not a time. Write ISO 8601, such as 2026-03-01T09:30:00Z.`,
  );
}
