import { readFile } from "node:fs/promises";
import { uptime } from "node:os";
import { resolve } from "node:path";
import * as z from "zod/mini";
import { configurationError } from "../../contract/configuration-error.ts";
import { startChild } from "../../run/child.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { replaceFile } from "../file.ts";
import { ask, urlOf } from "../request.ts";
import { watchdogJob } from "./options.ts";

type Options = z.infer<typeof watchdogJob.options>;

/** Default number of failures in a row before a restart. One failure may be a deploy; see docs/sources.md. */
const FAILURES_MAX = 2;

/** Default time limit of a page, in seconds; see docs/sources.md. */
const TIMEOUT_SECONDS = 3;

/** Default time without a second restart, in seconds: the longest start of the unit; see docs/sources.md. */
const COOLDOWN_SECONDS = 600;

/** Default time without restarts after a boot, in seconds, while units start; see docs/sources.md. */
const BOOT_GRACE_SECONDS = 120;

/** Time limit of a debug command, in ms. A container that hangs must not delay its restart. */
const DEBUG_MS = 30_000;

/** Clocks, which tests replace. */
export interface WatchClock {
  readonly now: () => Date;
  /** Seconds since the machine started. */
  readonly uptimeSeconds: () => number;
}

const SYSTEM: WatchClock = { now: () => new Date(), uptimeSeconds: uptime };

/**
 * Probes the pages once, and restarts the app after several failures in a row.
 *
 * It saves the time of the restart before it restarts, so that the next run does not repeat a restart
 * that takes longer than this run may.
 */
export async function work(context: JobContext, clock: WatchClock = SYSTEM): Promise<JobOutcome> {
  const options = watchdogJob.options.parse(context.options);
  const restart = restartOf(context, options);
  const path = resolve(context.directory, options.state ?? `watchdog-${context.job}.json`);
  const problems = await probe(context, options);
  const now = clock.now();
  const upSeconds = clock.uptimeSeconds();
  const probed = { isGood: problems.length === 0, now, upSeconds };
  const { state, why, isRestart } = decideRestart(options, await readState(path), probed);
  const details = { problems, failures: state.failures, why };
  if (context.dryRun) return dryRunOutcome({ ...details, wouldRestart: isRestart });
  await replaceFile(path, `${JSON.stringify(state)}\n`);
  if (problems.length === 0) return { status: "ok", details };
  const message = `${problems.join("; ")} (${why})`;
  if (!isRestart) throw new JobFailure(message, { details });
  await runDebugCommands(context, options);
  context.log.error({ problems, why }, "the watchdog restarts");
  await restart(why);
  throw new JobFailure(`restarted: ${message}`, { details: { ...details, restarted: true } });
}

/** Probes all pages. Returns one sentence for each that fails. */
async function probe(
  context: JobContext,
  { url, timeoutSeconds = TIMEOUT_SECONDS }: Options,
): Promise<string[]> {
  const found = [url].flat().map(async (it) => {
    const page = urlOf(context, { url: it });
    const { status, problem } = await ask(context, page, { redirect: "manual", timeoutSeconds });
    // Without the query, which may contain a token.
    const name = `${page.host}${page.pathname}`;
    if (problem !== undefined) return `${name} did not answer: ${problem}`;
    return status < 400 ? [] : `${name} answered with HTTP ${status}`;
  });
  return (await Promise.all(found)).flat();
}

/** Restarts with the command, or restarts the app that this process supervises. */
function restartOf(
  context: JobContext,
  { restart: command }: Options,
): (reason: string) => Promise<void> {
  const { app, job } = context;
  if (command !== undefined) return () => runRestart(context, command);
  if (app) return (reason) => app.restart(`watchdog ${job}: ${reason}`);
  const remedy = "Write a command, or run the job in a service that the runtime supervises.";
  throw configurationError(`jobs/${job}/options/restart`, "is missing.", remedy);
}

async function runRestart(context: JobContext, command: string): Promise<void> {
  const { exitCode, signal, tail } = await run(context, command, context.signal);
  if (exitCode === 0 || context.signal.aborted) return;
  const how = signal === null ? `ended with ${exitCode}` : `was ended by ${signal}`;
  throw new JobFailure(`the restart ${how}`, { details: { tail } });
}

/** Logs the state of the system before the restart destroys it. */
async function runDebugCommands(context: JobContext, { debug = [] }: Options): Promise<void> {
  for (const command of debug) {
    context.log.warn({ command }, "debug dump before the restart");
    await run(context, command, AbortSignal.any([context.signal, AbortSignal.timeout(DEBUG_MS)]));
  }
}

function run(
  { directory, env, childEnv, log, graceMs }: JobContext,
  command: string,
  signal: AbortSignal,
) {
  return startChild({ command, cwd: directory, env: childEnv ?? env, log, graceMs, signal }).ended;
}

/** State between two runs. */
const WatchState = z.object({
  /** Failures in a row. */
  failures: z.int().check(z.minimum(0)),
  /** Start of the last restart, ISO 8601 in UTC, or null. */
  restartedAt: z.nullable(z.iso.datetime()),
});

type WatchState = z.infer<typeof WatchState>;

/** The state of a watchdog that never ran. */
export const INITIAL_STATE: WatchState = { failures: 0, restartedAt: null };

/** A file that cannot be read counts as the initial state, so that it causes no restart. */
async function readState(path: string): Promise<WatchState> {
  try {
    return WatchState.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return INITIAL_STATE;
  }
}

/** The result of one probe of all pages. */
export interface WatchProbe {
  readonly isGood: boolean;
  readonly now: Date;
  /** Time since the machine started. */
  readonly upSeconds: number;
}

interface WatchVerdict {
  readonly state: WatchState;
  readonly isRestart: boolean;
  readonly why: string;
}

/** Decides whether to restart, and which state to save. */
export function decideRestart(
  rules: Pick<Options, "failures" | "cooldownSeconds" | "bootGraceSeconds">,
  { failures: before, restartedAt }: WatchState,
  { isGood, now, upSeconds }: WatchProbe,
): WatchVerdict {
  const { failures: failuresMax = FAILURES_MAX } = rules;
  const { cooldownSeconds = COOLDOWN_SECONDS, bootGraceSeconds = BOOT_GRACE_SECONDS } = rules;
  const wait = (failures: number, why: string): WatchVerdict => {
    return { state: { failures, restartedAt }, isRestart: false, why };
  };
  if (isGood) return wait(0, "good");
  if (upSeconds < bootGraceSeconds) return wait(0, "the machine just started");
  const failures = before + 1;
  if (failures < failuresMax) {
    return wait(failures, `failure ${failures} of ${failuresMax}: no restart yet`);
  }
  const sinceMs = restartedAt === null ? Infinity : now.getTime() - Date.parse(restartedAt);
  const leftSeconds = Math.ceil(cooldownSeconds - sinceMs / 1000);
  // A negative time means that the clock was set back. It must not prevent restarts.
  if (sinceMs >= 0 && leftSeconds > 0) {
    return wait(failures, `restarted before; no other one for ${leftSeconds} s`);
  }
  const restarted = { failures: 0, restartedAt: now.toISOString() };
  return { state: restarted, isRestart: true, why: `${failures} failure(s) in a row` };
}
