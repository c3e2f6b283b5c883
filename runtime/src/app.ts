import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { readEnvironment, stopOnSignals } from "./commands/command.ts";
import { ConfigurationError } from "./contract/configuration-error.ts";
import { type Env, valueOf } from "./contract/env.ts";
import { EXIT } from "./contract/exit-code.ts";
import type { ManifestHealth } from "./contract/health.ts";
import type { RecordStore } from "./contract/run-record.ts";
import type { Check } from "./health/check.ts";
import { createHealth as createRuntimeHealth, type Health } from "./health/health.ts";
import { type JobContext, JobFailure, type JobWork } from "./jobs/definition.ts";
import { createLogger as createRuntimeLogger, withTrace } from "./log.ts";

// The exports of `@opspec/runtime/app`, for Node apps; also `app.mjs` of the built runtime.
export { fastifyHealth, honoHealth } from "./health/adapters.ts";
export { nodeListener } from "./http.ts";
export type { Check, ProbeResult } from "./health/check.ts";
export { CheckError } from "./health/error-words.ts";
export type { Health } from "./health/health.ts";
export { type JobContext, JobFailure, type JobOutcome, type JobWork } from "./jobs/definition.ts";
export { ConfigurationError } from "./contract/configuration-error.ts";

/** Options of `createLogger`. */
export interface AppLoggerOptions {
  /** The field `logger` of every line. */
  readonly name: string;
  /** Environment with the manifest and secrets; the environment of the process by default. */
  readonly env?: Env;
  /** Receives the lines instead of stdout. */
  readonly write?: (line: string) => void;
}

/** The runtime's logger for an app: one JSON object a line, with secrets hidden by value and by name. */
export function createLogger({ name, env, write }: AppLoggerOptions): Logger {
  return createRuntimeLogger({ ...readEnvironment(env), name, ...(write ? { write } : {}) });
}

/** Options of `createHealth`; all have defaults. */
export interface AppHealthOptions {
  /** Name of the app without a manifest. */
  readonly name?: string;
  /** Checks of the app, beside those of its manifest. */
  readonly checks?: readonly Check[];
  /** Preset and checks by probe, used when the manifest has none. */
  readonly health?: ManifestHealth;
  readonly records?: RecordStore;
  readonly env?: Env;
  readonly log?: Logger;
}

/**
 * Health for a Node app: the checks, paths and shapes of its manifest, and checks of its own.
 *
 * @example
 * const health = createHealth({ name: "shop", checks: [{ name: "model", kind: "ready", probe }] });
 * health.start();
 * createServer(nodeListener(health.handler)).listen(port);
 */
export function createHealth(options: AppHealthOptions = {}): Health {
  const { manifest, env } = readEnvironment(options.env);
  const { name = "app", checks = [], health = {}, records } = options;
  const log = options.log ?? createRuntimeLogger({ manifest, env, name: "health" });
  const environment = env["NODE_ENV"] === "production" ? "production" : "staging";
  const alone = { system: name, stack: name, environment, process: name } as const;
  return createRuntimeHealth({
    manifest: manifest ? { ...manifest, health: manifest.health ?? health } : { ...alone, health },
    env,
    log,
    checks,
    ...(records ? { records } : {}),
  });
}

/** Time between SIGTERM and SIGKILL of child processes, as in the contract. */
const GRACE_MS = 10_000;

/** A job that an app defines in TypeScript or JavaScript. */
export interface DefinedJob {
  readonly name: string;
  readonly work: JobWork;
  /** Does the work once with the given context, for tests and for the app itself. */
  run(context?: Partial<JobContext>): ReturnType<JobWork>;
  /** Runs the job as the program: does the work once, logs the outcome and exits with its code. */
  main(): Promise<never>;
}

/**
 * Defines a job of the app, for `uses: command` with `command: node jobs/<file>`.
 *
 * The runtime gives the run its id, slot, attempt, deadline, lease and record. The job gets them as
 * its context; `signal` is aborted when it must end, and its exit code says whether a retry may help.
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
    const log = createRuntimeLogger({ manifest: undefined, env: process.env, name });
    process.exit(exitCodeOf(error, log));
  }
}

async function runOnce(context: JobContext, work: JobWork): Promise<number> {
  const startMs = performance.now();
  const { log } = context;
  try {
    const { status, details, exitCode } = await work(context);
    const durationMs = Math.round(performance.now() - startMs);
    log.info({ job: context.job, status, durationMs, details }, "job finished");
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

/** The context, from the variables that the runtime sets for a command; without them, of a manual run. */
function contextOf(name: string, environment: Env): JobContext {
  const { manifest, env } = readEnvironment(environment);
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
    log: withTrace(createRuntimeLogger({ manifest, env, name }), manifest, runId),
    signal: stopOnSignals().signal,
    graceMs: GRACE_MS,
    silencedUntil: undefined,
    dryRun: false,
  };
}
