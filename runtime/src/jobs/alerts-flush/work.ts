import type * as z from "zod/mini";
import { deliverHttp } from "../../alerts/channels/http-delivery.ts";
import type { JobContext, JobOutcome } from "../definition.ts";
import { type Clock, SYSTEM_CLOCK } from "../../run/clock.ts";
import { valueOf } from "../../contract/env.ts";
import { type Delivered, deliveredBy, sendMail } from "../mail.ts";
import { acceptedPlace } from "./accepted.ts";
import { alertMail } from "./alert-mail.ts";
import { type AlertSummary, countsOf, fingerprintOf } from "./alert-summary.ts";
import { type Deliveries, flushOutcome } from "./flush-outcome.ts";
import { alertsFlushJob } from "./options.ts";
import { readTabs } from "./tab-reading.ts";

type FlushOptions = z.infer<typeof alertsFlushJob.options>;

/** Default number of rows that are sent of each table; see docs/sources.md. */
const SAMPLES = 5;

const TITLE = "Alerts";

/** An alert that has its own receivers goes to them, and else to those of the digest. */
const ADDRESS_VARIABLES = ["ALERTS_EMAIL", "DIGEST_EMAIL"];

const WEBHOOK_VARIABLE = "WEBHOOK_URL";

/**
 * Sends the alerts to each channel that has not accepted them as they are now.
 *
 * Each channel has its own fingerprint, kept once it accepted: where one took the alerts and another
 * failed, the next run asks the other one alone. None gets the same twice, and none loses them.
 */
export async function work(context: JobContext, clock: Clock = SYSTEM_CLOCK): Promise<JobOutcome> {
  const said = alertsFlushJob.options.parse(context.options);
  const { resend = false } = alertsFlushJob.input.parse(context.input);
  if (context.silencedUntil) return silenced(context, context.silencedUntil);
  const { summary, notSet } = await readTabs(context, said.tabs, said.samples ?? SAMPLES);
  const place = await acceptedPlace(context, said.state);
  const accepted = await place.read();
  const known = {
    fingerprint: fingerprintOf(summary),
    counts: countsOf(summary),
    ...(notSet.length > 0 ? { notSet } : {}),
  };
  if (Object.keys(summary).length === 0) {
    return { status: "skipped", details: { result: "skipped", ...known } };
  }
  const isDue = (channel: string): boolean => resend || accepted[channel] !== known.fingerprint;
  const channels = channelsOf(context, said, summary);
  if (context.dryRun) {
    const wouldSend = channels.map(({ name }) => name).filter(isDue);
    return { status: "skipped", details: { dryRun: true, ...known, wouldSend } };
  }
  const deliveries = await deliver(channels, isDue);
  const news = acceptedNow(deliveries, known.fingerprint);
  if (!resend && Object.keys(news).length > 0) {
    await place.write({ ...accepted, ...news }, clock.now());
  }
  for (const [channel, delivered] of Object.entries(deliveries)) {
    if (delivered.status === "error") context.log.error({ channel, ...delivered }, "not sent");
  }
  return flushOutcome(known, deliveries);
}

/** The old fingerprints stay, so that what changed meanwhile is sent when the silence is over. */
function silenced({ log }: JobContext, until: Date): JobOutcome {
  const silencedUntil = until.toISOString();
  log.info({ silencedUntil }, "silenced");
  return { status: "skipped", details: { result: "silenced", silencedUntil } };
}

/** One way to send the alerts. */
interface AlertChannel {
  readonly name: string;
  send(): Promise<Delivered>;
}

function channelsOf(
  context: JobContext,
  said: FlushOptions,
  summary: AlertSummary,
): AlertChannel[] {
  const { title = TITLE, webhook, ...mail } = said;
  const words = alertMail(title, summary);
  return [
    {
      name: "email",
      send: () => sendMail(context, { ...mail, variables: ADDRESS_VARIABLES }, words),
    },
    {
      name: "webhook",
      send: () => postAlerts(context, webhook?.urlEnv ?? WEBHOOK_VARIABLE, summary),
    },
  ];
}

async function postAlerts(
  { env, signal }: JobContext,
  urlEnv: string,
  summary: AlertSummary,
): Promise<Delivered> {
  const url = valueOf(env, urlEnv);
  if (url === undefined) return { status: "skipped", why: `${urlEnv} is not set` };
  if (!URL.canParse(url)) return { status: "error", why: `${urlEnv} is not a URL` };
  const body = JSON.stringify({ type: "alerts_update", payload: summary });
  const headers = { "content-type": "application/json" };
  return deliveredBy(signal, async () => {
    await deliverHttp({ url, body, headers, signal });
    return { status: "ok" };
  });
}

async function deliver(
  channels: readonly AlertChannel[],
  isDue: (channel: string) => boolean,
): Promise<Deliveries> {
  const sent = channels.map(async ({ name, send }) => {
    const delivered = isDue(name) ? await send() : { status: "no_change" as const };
    return [name, delivered] as const;
  });
  return Object.fromEntries(await Promise.all(sent));
}

function acceptedNow(deliveries: Deliveries, fingerprint: string): Record<string, string> {
  const ok = Object.entries(deliveries).filter(([, { status }]) => status === "ok");
  return Object.fromEntries(ok.map(([channel]) => [channel, fingerprint]));
}
