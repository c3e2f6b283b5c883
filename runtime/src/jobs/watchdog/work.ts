import { readFile } from "node:fs/promises";
import { uptime } from "node:os";
import { resolve } from "node:path";
import * as z from "zod/mini";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { errorWords } from "../../health/error-words.ts";
import { startChild } from "../../run/child.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { replaceFile } from "../file.ts";
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
  const verdict = decideRestart(rulesOf(options), await readState(path), {
    isGood: problems.length === 0,
    now: clock.now(),
    upMs: clock.uptimeSeconds() * 1000,
  });
  const details = { problems, failures: verdict.state.failures, why: verdict.why };
  const isRestart = verdict.next === "restart";
  if (context.dryRun) {
    return { status: "skipped", details: { ...details, dryRun: true, wouldRestart: isRestart } };
  }
  await replaceFile(path, `${JSON.stringify(verdict.state)}\n`);
  if (problems.length === 0) return { status: "ok", details };
  const message = `${problems.join("; ")} (${verdict.why})`;
  if (!isRestart) throw new JobFailure(message, { details });
  await runDebugCommands(context, options);
  context.log.error({ problems, why: verdict.why }, "the watchdog restarts");
  await restart(verdict.why);
  throw new JobFailure(`restarted: ${message}`, { details: { ...details, restarted: true } });
}

function rulesOf({ failures, cooldownSeconds, bootGraceSeconds }: Options): WatchRules {
  return {
    failuresMax: failures ?? FAILURES_MAX,
    cooldownMs: (cooldownSeconds ?? COOLDOWN_SECONDS) * 1000,
    bootGraceMs: (bootGraceSeconds ?? BOOT_GRACE_SECONDS) * 1000,
  };
}

/** Probes all pages. Returns one sentence for each that fails. */
async function probe(context: JobContext, { url, timeoutSeconds }: Options): Promise<string[]> {
  const timeoutMs = (timeoutSeconds ?? TIMEOUT_SECONDS) * 1000;
  const found = await Promise.all([url].flat().map((it) => problemOf(context, it, timeoutMs)));
  return found.filter((it) => it !== undefined);
}

async function problemOf(
  { job, signal }: JobContext,
  text: string,
  timeoutMs: number,
): Promise<string | undefined> {
  const url = URL.parse(text);
  if (!url) {
    const where = `jobs/${job}/options/url`;
    const remedy = "Give the whole URL, with http:// or https://.";
    throw new ConfigurationError([{ where, message: "is not a URL.", remedy }]);
  }
  // Without the query, which may contain a token.
  const name = `${url.host}${url.pathname}`;
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const response = await fetch(url, { signal: limit, redirect: "manual" });
    await response.body?.cancel();
    return response.status < 400 ? undefined : `${name} answered with HTTP ${response.status}`;
  } catch (error) {
    if (signal.aborted) throw error;
    return `${name} did not answer: ${errorWords(error)}`;
  }
}

/** Restarts with the command, or restarts the app that this process supervises. */
function restartOf(
  context: JobContext,
  { restart: command }: Options,
): (reason: string) => Promise<void> {
  const { app, job } = context;
  if (command !== undefined) return () => runRestart(context, command);
  if (app) return (reason) => app.restart(`watchdog ${job}: ${reason}`);
  const where = `jobs/${job}/options/restart`;
  const remedy = "Write a command, or run the job in a service that the runtime supervises.";
  throw new ConfigurationError([{ where, message: "is missing.", remedy }]);
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

/** When a watchdog restarts. */
interface WatchRules {
  /** Failures in a row. */
  readonly failuresMax: number;
  readonly cooldownMs: number;
  readonly bootGraceMs: number;
}

/** The result of one probe of all pages. */
export interface WatchProbe {
  readonly isGood: boolean;
  readonly now: Date;
  /** Time since the machine started, in ms. */
  readonly upMs: number;
}

interface WatchVerdict {
  readonly state: WatchState;
  readonly next: "nothing" | "restart";
  readonly why: string;
}

/** Decides whether to restart, and which state to save. */
export function decideRestart(
  rules: WatchRules,
  before: WatchState,
  { isGood, now, upMs }: WatchProbe,
): WatchVerdict {
  const { restartedAt } = before;
  const cleared = { failures: 0, restartedAt };
  if (isGood) return { state: cleared, next: "nothing", why: "good" };
  if (upMs < rules.bootGraceMs) {
    return { state: cleared, next: "nothing", why: "the machine just started" };
  }
  const failures = before.failures + 1;
  const state = { failures, restartedAt };
  if (failures < rules.failuresMax) {
    const why = `failure ${failures} of ${rules.failuresMax}: no restart yet`;
    return { state, next: "nothing", why };
  }
  const sinceMs = restartedAt === null ? Infinity : now.getTime() - Date.parse(restartedAt);
  // A negative time means that the clock was set back. It must not prevent restarts.
  if (sinceMs >= 0 && sinceMs < rules.cooldownMs) {
    const leftSeconds = Math.ceil((rules.cooldownMs - sinceMs) / 1000);
    return { state, next: "nothing", why: `restarted before; no other one for ${leftSeconds} s` };
  }
  const restarted = { failures: 0, restartedAt: now.toISOString() };
  return { state: restarted, next: "restart", why: `${failures} failure(s) in a row` };
}
