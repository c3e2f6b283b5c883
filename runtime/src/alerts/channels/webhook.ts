import type { AlertChannel } from "../../contract/alert.ts";
import { type AlertMessage, countOf, headline } from "../alert-message.ts";
import { JSON_HEADERS, type Sender, urlOf } from "./channel.ts";
import { deliverHttp } from "./http-delivery.ts";

/**
 * Posts the alert as JSON to a URL, which is a secret. Several alerts are one object of
 * `kind: "digest"` with `alerts`. A `count` says how many equal alerts an object stands for.
 */
export function webhookSender({ urlEnv }: Extract<AlertChannel, { kind: "webhook" }>): Sender {
  return async (message, { env, limits, signal }) => {
    const url = urlOf(env, urlEnv);
    const body = JSON.stringify(bodyOf(message));
    await deliverHttp({ url, headers: JSON_HEADERS, body, limits, signal });
    return "sent";
  };
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
