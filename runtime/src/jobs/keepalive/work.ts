import { setTimeout as sleep } from "node:timers/promises";
import type * as z from "zod/mini";
import { EXIT } from "../../contract/exit-code.ts";
import { errorWords } from "../../health/error-words.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { bindSchedule } from "../../contract/bindings.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { valueOf } from "../../contract/env.ts";
import { keepaliveJob } from "./options.ts";

type Options = z.infer<typeof keepaliveJob.options>;

/** Shortest interval, in s: hosts suspend an idle service after minutes; see docs/sources.md. */
const INTERVAL_SECONDS_MIN = 60;

/** Share of the interval by which a request may be later, so that many services do not ask at once. */
const JITTER_PERCENT = 10;

/** A service that wakes up takes longer, and then has been woken. */
const TIMEOUT_SECONDS = 10;

/** Where the runtime answers it without asking anything. */
const PATH = "/keepalive";

/** Variables with the whole URL, and with the path of this service; see docs/sources.md. */
const URL_VARIABLE = "KEEPALIVE_URL";
const PATH_VARIABLE = "KEEPALIVE_PATH";

/** The public address of a service. @see https://render.com/docs/environment-variables */
const EXTERNAL_URL_VARIABLE = "RENDER_EXTERNAL_URL";

/** Asks for a page, a little later than it is due; an answer that is not good is a failure. */
export async function work(
  context: JobContext,
  random: () => number = Math.random,
): Promise<JobOutcome> {
  const options = keepaliveJob.options.parse(context.options);
  const { jitterPercent = JITTER_PERCENT, timeoutSeconds = TIMEOUT_SECONDS } = options;
  const target = keepaliveTarget(context, options);
  const intervalMs = intervalSeconds(context) * 1000;
  if (context.dryRun) return { status: "skipped", details: { dryRun: true, from: target.from } };
  const jitterMs = isByHand(context)
    ? 0
    : Math.round((intervalMs * jitterPercent * random()) / 100);
  await sleep(jitterMs, undefined, { signal: context.signal });
  const startedMs = performance.now();
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  const signal = AbortSignal.any([context.signal, timeout]);
  const status = await statusOf(target.url, signal);
  const details = { from: target.from, jitterMs, ms: Math.round(performance.now() - startedMs) };
  if (status < 400) return { status: "ok", details: { httpStatus: status, ...details } };
  throw new JobFailure(`the page said HTTP ${status}`, {
    exitCode: EXIT.temporary,
    details: { httpStatus: status, ...details },
  });
}

/** Where it asks, and what said so; the URL itself may hold a token and is told to nobody. */
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
  const message = found ? "is not a URL." : "is not set, and neither is where the service listens.";
  throw new ConfigurationError([
    { where: found?.from ?? urlEnv, message, remedy: "Give the whole URL, with https://." },
  ]);
}

function isByHand({ actor }: JobContext): boolean {
  return actor.startsWith("manual");
}

/** Of its schedule; without an interval there is none to be late in. */
function intervalSeconds({ job, process, env }: JobContext): number {
  const schedule = process?.manifest.jobs.find(({ name }) => name === job)?.schedule;
  const { everySeconds } = schedule ? bindSchedule({ name: job, schedule }, env) : {};
  if (everySeconds === undefined) return 0;
  if (everySeconds >= INTERVAL_SECONDS_MIN) return everySeconds;
  const message = `asks every ${everySeconds} s.`;
  const remedy = `Give it an interval of at least ${INTERVAL_SECONDS_MIN} s.`;
  throw new ConfigurationError([{ where: `jobs/${job}/schedule`, message, remedy }]);
}

async function statusOf(url: URL, signal: AbortSignal): Promise<number> {
  try {
    const answer = await fetch(url, { signal });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    throw new JobFailure(`the page was not answered: ${errorWords(error)}`, {
      exitCode: EXIT.temporary,
    });
  }
}
