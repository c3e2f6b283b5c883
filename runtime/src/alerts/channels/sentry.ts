import { randomUUID } from "node:crypto";
import type { AlertChannel } from "../../contract/alert.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import { type AlertMessage, headline, isUrgent, linesOf } from "../alert-message.ts";
import { ChannelError, type HttpRequest } from "./channel.ts";

/** @see https://develop.sentry.dev/sdk/overview/#authentication */
const CLIENT = `opspec/${RUNTIME_VERSION}`;

/** An event for a server that accepts Sentry's envelopes. @see https://develop.sentry.dev/sdk/envelopes/ */
export function sentryRequest(
  { dsnEnv }: Extract<AlertChannel, { kind: "sentry" }>,
  message: AlertMessage,
  env: Env,
): HttpRequest {
  const { url, key } = endpointOf(valueOf(env, dsnEnv) ?? "", dsnEnv);
  const headers = {
    "content-type": "application/x-sentry-envelope",
    "x-sentry-auth": `Sentry sentry_version=7, sentry_client=${CLIENT}, sentry_key=${key}`,
  };
  return { url, headers, body: envelopeOf(message) };
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
