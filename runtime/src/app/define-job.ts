import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { stopOnSignals } from "../commands/stop-signals.ts";
import { EXIT } from "../contract/exit-code.ts";
import { type JobContext, JobFailure, type JobWork } from "../jobs/definition.ts";
import { createLogger, withTrace } from "../log.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { appEnvironment } from "./app-environment.ts";

/** Between SIGTERM and SIGKILL of what a job starts, as in the contract. */
const GRACE_MS = 10_000;

/** A job that an app wrote in TypeScript or JavaScript. */
export interface DefinedJob {
  readonly name: string;
  readonly work: JobWork;
  /** Does the work once with the given context, for tests and for the app itself. */
  run(context?: Partial<JobContext>): ReturnType<JobWork>;
  /** Is the program: does the work once, logs how it went, and ends the process with its exit code. */
  main(): Promise<never>;
}

/**
 * A job of the app's own, for `uses: command` with `command: node jobs/<file>`.
 *
 * The runtime gives the run its id, slot, attempt, deadline, lock and record; the job gets them as
 * its context, hears of its end by `signal`, and says with its exit code whether another try helps.
 *
 * @example
 * await defineJob("trim", async ({ log, signal }) => {
 *   const trimmed = await trim(signal);
 *   return { status: "ok", details: { trimmed } };
 * }).main();
 */
export function defineJob(name: string, work: JobWork): DefinedJob {
  const run = async (context: Partial<JobContext> = {}) =>
    work({ ...contextOf(name, process.env), ...context });
  return { name, work, run, main: () => runAsProgram(name, work) };
}

async function runAsProgram(name: string, work: JobWork): Promise<never> {
  try {
    const context = contextOf(name, process.env);
    process.exit(await runOnce(context, work));
  } catch (error) {
    const log = createLogger({ manifest: undefined, env: process.env, name });
    process.exit(exitCodeOf(error, log));
  }
}

async function runOnce(context: JobContext, work: JobWork): Promise<number> {
  const startMs = performance.now();
  const { log } = context;
  try {
    const { status, details, exitCode } = await work(context);
    const durationMs = Math.round(performance.now() - startMs);
    log.info({ job: context.job, status, durationMs, details }, "job ended");
    return exitCode ?? EXIT.ok;
  } catch (error) {
    return exitCodeOf(error, log);
  }
}

function exitCodeOf(error: unknown, log: Logger): number {
  const err = error instanceof Error ? error : new Error(String(error));
  const details = error instanceof JobFailure ? error.details : {};
  log.error({ err, status: "failed", details }, "job failed");
  if (error instanceof ConfigurationError) return EXIT.configuration;
  return (error instanceof JobFailure ? error.exitCode : undefined) ?? EXIT.failed;
}

/** From the variables that the runtime sets for a command; by hand, a run of somebody's own. */
function contextOf(name: string, environment: Env): JobContext {
  const { manifest, env } = appEnvironment(environment);
  const runId = valueOf(env, "OPSPEC_RUN_ID") ?? randomUUID();
  const slot = valueOf(env, "OPSPEC_SCHEDULED_FOR");
  return {
    job: valueOf(env, "OPSPEC_JOB") ?? name,
    runId,
    scheduledFor: slot === undefined ? new Date() : new Date(slot),
    attempt: Number(valueOf(env, "OPSPEC_ATTEMPT") ?? 1),
    actor: valueOf(env, "OPSPEC_ACTOR") ?? "manual",
    options: {},
    input: {},
    env,
    childEnv: environment,
    directory: process.cwd(),
    timezone: manifest?.timezone ?? "UTC",
    log: withTrace(createLogger({ manifest, env, name }), manifest, runId),
    signal: stopOnSignals().signal,
    graceMs: GRACE_MS,
    silencedUntil: undefined,
    dryRun: false,
  };
}
