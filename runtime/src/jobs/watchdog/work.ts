import { uptime } from "node:os";
import { resolve } from "node:path";
import type * as z from "zod/mini";
import { startChild } from "../../run/child/child.ts";
import { errorWords } from "../../health/error-words.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { watchdogJob } from "./options.ts";
import { readWatchState, writeWatchState } from "./watch-state.ts";
import { judgeLook, type WatchRules } from "./watch-verdict.ts";

type Options = z.infer<typeof watchdogJob.options>;

/** Failures in a row before a restart: a single one may be a restart by somebody else; see docs/sources.md. */
const FAILURES_MAX = 2;

/** Default time limit of a page, in s; see docs/sources.md. */
const TIMEOUT_SECONDS = 3;

/** Longest start of the unit, in s: until then the restart is under way; see docs/sources.md. */
const COOLDOWN_SECONDS = 600;

/** No restarts for this long after a boot, in s: units start one after another; see docs/sources.md. */
const BOOT_GRACE_SECONDS = 120;

/** One debug command may take so long, in ms: a container that hangs must not hold up its restart. */
const DEBUG_MS = 30_000;

/** What a watchdog knows besides its context; a test says it. */
export interface Surroundings {
  readonly now: () => Date;
  /** Of the machine, in s. */
  readonly uptimeSeconds: () => number;
}

const HERE: Surroundings = { now: () => new Date(), uptimeSeconds: uptime };

/**
 * Looks once, and restarts after several failures in a row.
 *
 * That it restarts is remembered before it does: a restart that takes longer than this run may is
 * not made again by the next one.
 */
export async function work(context: JobContext, here: Surroundings = HERE): Promise<JobOutcome> {
  const options = watchdogJob.options.parse(context.options);
  const restart = restartOf(context, options);
  const path = resolve(context.directory, options.state ?? `watchdog-${context.job}.json`);
  const problems = await look(context, options);
  const before = await readWatchState(path);
  const verdict = judgeLook(rulesOf(options), before, {
    isGood: problems.length === 0,
    now: here.now(),
    upMs: here.uptimeSeconds() * 1000,
  });
  const details = { problems, failures: verdict.state.failures, why: verdict.why };
  const isRestart = verdict.next === "restart";
  if (context.dryRun) {
    return { status: "skipped", details: { ...details, dryRun: true, wouldRestart: isRestart } };
  }
  await writeWatchState(path, verdict.state);
  if (problems.length === 0) return { status: "ok", details };
  const what = `${problems.join("; ")} (${verdict.why})`;
  if (!isRestart) throw new JobFailure(what, { details });
  await dump(context, options);
  context.log.error({ problems, why: verdict.why }, "the watchdog restarts");
  await restart(verdict.why);
  throw new JobFailure(`restarted: ${what}`, { details: { ...details, restarted: true } });
}

function rulesOf({ failures, cooldownSeconds, bootGraceSeconds }: Options): WatchRules {
  return {
    failuresMax: failures ?? FAILURES_MAX,
    cooldownMs: (cooldownSeconds ?? COOLDOWN_SECONDS) * 1000,
    bootGraceMs: (bootGraceSeconds ?? BOOT_GRACE_SECONDS) * 1000,
  };
}

/** What does not answer, a sentence each. */
async function look(context: JobContext, { url, timeoutSeconds }: Options): Promise<string[]> {
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
    const remedy = "Give the whole URL, with http:// or https://.";
    throw new ConfigurationError([
      { where: `jobs/${job}/options/url`, message: "is not a URL.", remedy },
    ]);
  }
  // Its query may hold a token.
  const name = `${url.host}${url.pathname}`;
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const answer = await fetch(url, { signal: limit, redirect: "manual" });
    await answer.body?.cancel();
    return answer.status < 400 ? undefined : `${name} said HTTP ${answer.status}`;
  } catch (error) {
    if (signal.aborted) throw error;
    return `${name} did not answer: ${errorWords(error)}`;
  }
}

/** The command, or the restart of the app that this process supervises. */
function restartOf(
  context: JobContext,
  { restart: command }: Options,
): (reason: string) => Promise<void> {
  const { app, job } = context;
  if (command !== undefined) return () => runRestart(context, command);
  if (app) return (reason) => app.restart(`watchdog ${job}: ${reason}`);
  const remedy = "Say the command, or run the job in a service that the runtime supervises.";
  throw new ConfigurationError([
    { where: `jobs/${job}/options/restart`, message: "is missing.", remedy },
  ]);
}

async function runRestart(context: JobContext, command: string): Promise<void> {
  const { exitCode, signal, tail } = await run(context, command, context.signal);
  if (exitCode === 0 || context.signal.aborted) return;
  const how = signal === null ? `ended with ${exitCode}` : `was ended by ${signal}`;
  throw new JobFailure(`the restart ${how}`, { details: { tail } });
}

/** What the operator wants to see of the state that the restart ends. */
async function dump(context: JobContext, { debug = [] }: Options): Promise<void> {
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
