import * as z from "zod/mini";
import { SILENCE_MINUTES_MAX } from "../alerts/silences.ts";
import { type ManifestJob, isRunHere } from "../contract/job.ts";
import { HttpError, json } from "../http.ts";
import { limitOf, logChange, named, type OpsContext, type OpsRoute, readChange } from "./api.ts";
import { beginRun, showRun } from "./jobs.ts";
import type { ProcessContext } from "../run/process.ts";

/** Default and maximum number of alerts in one answer. */
const RECENT = { usual: 50, max: 200 };

/** Longest reason of a silence, and longest text that it matches. */
const TEXT_MAX = 200;

const Text = z.string().check(z.maxLength(TEXT_MAX));

const SILENCE = {
  minutes: z.number().check(z.minimum(1), z.maximum(SILENCE_MINUTES_MAX)),
  reason: z.prefault(Text, ""),
  match: z.optional(Text.check(z.minLength(1))),
};

/** Recent alerts, channels and silences. */
export const alertRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/alerts", answer: listAlerts },
  { method: "POST", path: "/ops/alerts/silence", answer: addSilence },
  { method: "DELETE", path: "/ops/alerts/silence", answer: endSilences },
  { method: "DELETE", path: "/ops/alerts/silence/:id", answer: endSilences },
  { method: "POST", path: "/ops/alerts/resend", answer: resend },
  { method: "POST", path: "/ops/alerts/test", answer: testChannels },
];

async function listAlerts(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const { alerts } = process;
  const recent = await alerts.recent(limitOf(c, RECENT));
  const silences = await alerts.silences.list();
  const channels = await alerts.channels();
  const canResend = flushJobs(process).some(isRunHere);
  return json(200, { silences, recent, channels, canResend });
}

function flushJobs({ manifest }: ProcessContext): readonly ManifestJob[] {
  return manifest.jobs.filter(({ uses }) => uses === "alerts-flush");
}

async function addSilence(c: OpsContext): Promise<Response> {
  const { actor, match, ...silenced } = await readChange(c, SILENCE);
  const silence = { ...silenced, ...(match === undefined ? {} : { match }) };
  const added = await c.var.ops.process.alerts.silences.add({ ...silence, by: actor });
  logChange(c, { actor, did: "silence alerts", ...silence });
  return json(201, added);
}

async function endSilences(c: OpsContext): Promise<Response> {
  const { actor } = await readChange(c, {});
  const id = c.req.param("id");
  const ended = await c.var.ops.process.alerts.silences.cancel(id);
  if (id !== undefined && ended === 0) throw new HttpError(404, "this silence does not exist");
  logChange(c, { actor, did: "end silences", id: id ?? "all", ended });
  return json(200, { ended });
}

/** Sends the alerts of the last flush again, as a run of its job with its own record. */
async function resend(c: OpsContext): Promise<Response> {
  const { actor, job: wanted } = await readChange(c, { job: z.optional(z.string()) });
  const flushes = flushJobs(c.var.ops.process);
  const job = named("alerts job", flushes, wanted ?? flushes[0]?.name ?? "");
  if (!isRunHere(job))
    throw new HttpError(409, `"${job.name}" is run by a cron job, not by this process`);
  return showRun(c, await beginRun(c, job, { actor, input: { resend: true } }));
}

async function testChannels(c: OpsContext): Promise<Response> {
  const { actor, channel } = await readChange(c, { channel: z.optional(z.string()) });
  logChange(c, { actor, did: "test alerts", channel: channel ?? "all" });
  const channels = await c.var.ops.process.alerts.test(actor, channel);
  if (channel === undefined || channels.length > 0) return json(200, { channels });
  throw new HttpError(404, `there is no channel "${channel}"`);
}
