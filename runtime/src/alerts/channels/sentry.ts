import { randomUUID } from "node:crypto";
import type { AlertChannel } from "../../contract/alert.ts";
import { valueOf } from "../../contract/env.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import { type AlertMessage, headline, isUrgent, linesOf } from "../alert-message.ts";
import { ChannelError, type Sender } from "./channel.ts";
import { deliverHttp } from "./http-delivery.ts";

/** @see https://develop.sentry.dev/sdk/overview/#authentication */
const CLIENT = `opspec/${RUNTIME_VERSION}`;

/** Sends an event to a server that accepts Sentry's envelopes. @see https://develop.sentry.dev/sdk/envelopes/ */
export function sentrySender({ dsnEnv }: Extract<AlertChannel, { kind: "sentry" }>): Sender {
  return async (message, { env, limits, signal }) => {
    const { url, key } = endpointOf(valueOf(env, dsnEnv) ?? "", dsnEnv);
    await deliverHttp({
      url,
      headers: {
        "content-type": "application/x-sentry-envelope",
        "x-sentry-auth": `Sentry sentry_version=7, sentry_client=${CLIENT}, sentry_key=${key}`,
      },
      body: envelopeOf(message),
      limits,
      signal,
    });
    return "sent";
  };
}

/** `https://<key>@<host>/<path>/<project>`. */
function endpointOf(dsn: string, dsnEnv: string): { url: string; key: string } {
  const url = URL.canParse(dsn) ? new URL(dsn) : undefined;
  const [, path = "", project] = /^(.*)\/(\w+)$/.exec(url?.pathname ?? "") ?? [];
  if (!url || url.username === "" || project === undefined) {
    throw new ChannelError(`${dsnEnv} is not a DSN such as https://key@host/1`);
  }
  return { url: `${url.origin}${path}/api/${project}/envelope/`, key: url.username };
}

function envelopeOf(message: AlertMessage): string {
  const id = randomUUID().replaceAll("-", "");
  const event = JSON.stringify(eventOf(message, id));
  const header = { event_id: id, sent_at: new Date().toISOString() };
  const item = { type: "event", length: Buffer.byteLength(event) };
  return `${JSON.stringify(header)}\n${JSON.stringify(item)}\n${event}\n`;
}

function eventOf(message: AlertMessage, id: string): unknown {
  const [first] = message.items;
  const about = first?.event;
  return {
    event_id: id,
    timestamp: about?.at ?? new Date().toISOString(),
    level: isUrgent(message) ? "error" : "info",
    logger: "opspec",
    platform: "node",
    message: { formatted: headline(message) },
    // Sentry groups by the key, as we do.
    fingerprint: [message.items.length === 1 && about ? about.key : "opspec-digest"],
    tags: { system: about?.system, stack: about?.stack, process: about?.process, job: about?.job },
    extra: { ...about?.details, text: linesOf(message).map((it) => it.text) },
  };
}
