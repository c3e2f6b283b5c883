import type * as z from "zod/mini";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { ask } from "../request.ts";
import { bindSchedule } from "../../contract/bindings.ts";
import { configurationError } from "../../contract/configuration-error.ts";
import { valueOf } from "../../contract/env.ts";
import { keepaliveJob } from "./options.ts";
import { sleep } from "../../run/timer.ts";

type Options = z.infer<typeof keepaliveJob.options>;

/** Shortest interval, in seconds. Hosts suspend an idle service after minutes; see docs/sources.md. */
const INTERVAL_SECONDS_MIN = 60;

/** Default maximum delay, in percent of the interval, so that services do not all send at once. */
const JITTER_PERCENT = 10;

/** Default time limit, in seconds. A suspended service takes longer to answer, but the request wakes it. */
const TIMEOUT_SECONDS = 10;

/** Path at which the runtime itself answers. */
const PATH = "/keepalive";

/** Variables with the whole URL and with the path; see docs/sources.md. */
const URL_VARIABLE = "KEEPALIVE_URL";
const PATH_VARIABLE = "KEEPALIVE_PATH";

/** The public address of a service. @see https://render.com/docs/environment-variables */
const EXTERNAL_URL_VARIABLE = "RENDER_EXTERNAL_URL";

/** Requests a page after a random delay. A status of 400 or more is a failure. */
export async function work(
  context: JobContext,
  random: () => number = Math.random,
): Promise<JobOutcome> {
  const options = keepaliveJob.options.parse(context.options);
  const { jitterPercent = JITTER_PERCENT, timeoutSeconds = TIMEOUT_SECONDS } = options;
  const target = keepaliveTarget(context, options);
  const intervalMs = intervalSeconds(context) * 1000;
  if (context.dryRun) return dryRunOutcome({ from: target.from });
  const isManual = context.actor.startsWith("manual");
  const jitterMs = isManual ? 0 : Math.round((intervalMs * jitterPercent * random()) / 100);
  await sleep(jitterMs, context.signal);
  context.signal.throwIfAborted();
  const startedMs = performance.now();
  const { status: httpStatus, problem } = await ask(context, target.url, { timeoutSeconds });
  if (problem !== undefined) throw JobFailure.temporary(`the page did not answer: ${problem}`);
  const ms = Math.round(performance.now() - startedMs);
  const details = { httpStatus, from: target.from, jitterMs, ms };
  if (httpStatus < 400) return { status: "ok", details };
  throw JobFailure.temporary(`the page answered with HTTP ${httpStatus}`, { details });
}

/** The URL, and the variable or option that sets it. The URL may contain a token, so it is not reported. */
export function keepaliveTarget(
  { env }: Pick<JobContext, "env">,
  { url, urlEnv = URL_VARIABLE, path = PATH }: Options,
): { readonly url: URL; readonly from: string } {
  const own = valueOf(env, PATH_VARIABLE) ?? path;
  const external = valueOf(env, EXTERNAL_URL_VARIABLE);
  const port = valueOf(env, "PORT");
  const candidates = [
    { from: urlEnv, text: valueOf(env, urlEnv) },
    { from: "url", text: url },
    { from: EXTERNAL_URL_VARIABLE, text: external && `${external.replace(/\/$/, "")}${own}` },
    { from: "PORT", text: port && `http://127.0.0.1:${port}${own}` },
  ];
  const found = candidates.find(({ text }) => text !== undefined);
  const parsed = found?.text === undefined ? null : URL.parse(found.text);
  if (found && parsed) return { url: parsed, from: found.from };
  const message = found
    ? "is not a URL."
    : "is not set, and neither is the address of the service.";
  throw configurationError(found?.from ?? urlEnv, message, "Give the whole URL, with https://.");
}

/** The interval of the schedule, or 0 for another kind of schedule. */
function intervalSeconds({ job, process, env }: JobContext): number {
  const schedule = process?.manifest.jobs.find(({ name }) => name === job)?.schedule;
  const { everySeconds } = schedule ? bindSchedule({ name: job, schedule }, env) : {};
  if (everySeconds === undefined) return 0;
  if (everySeconds >= INTERVAL_SECONDS_MIN) return everySeconds;
  const message = `has an interval of ${everySeconds} s.`;
  const remedy = `Use an interval of at least ${INTERVAL_SECONDS_MIN} s.`;
  throw configurationError(`jobs/${job}/schedule`, message, remedy);
}
