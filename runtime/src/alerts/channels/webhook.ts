import type { AlertChannel } from "../../contract/alert.ts";
import { type AlertMessage, countOf, headline } from "../alert-message.ts";
import type { Env } from "../../contract/env.ts";
import { type HttpRequest, JSON_HEADERS, urlOf } from "./channel.ts";

/**
 * The alert as JSON for a URL, which is a secret. Several alerts are one object of
 * `kind: "digest"` with `alerts`. A `count` says how many equal alerts an object stands for.
 */
export function webhookRequest(
  { urlEnv }: Extract<AlertChannel, { kind: "webhook" }>,
  message: AlertMessage,
  env: Env,
): HttpRequest {
  const body = JSON.stringify(bodyOf(message));
  return { url: urlOf(env, urlEnv), headers: JSON_HEADERS, body };
}

function bodyOf(message: AlertMessage): unknown {
  const { items, more, note } = message;
  const [only, ...others] = items.map(({ event, count }) =>
    count === 1 ? event : { ...event, count },
  );
  const about = note === undefined ? {} : { note };
  if (only && others.length === 0 && more === 0) return { ...only, ...about };
  const alerts = items.map(({ event, count }) => ({ ...event, count }));
  return {
    kind: "digest",
    title: headline(message),
    count: countOf(message),
    alerts,
    more,
    ...about,
  };
}
