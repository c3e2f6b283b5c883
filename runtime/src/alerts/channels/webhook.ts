import type { AlertChannel } from "../../contract/alert.ts";
import { type AlertMessage, countOf } from "../alert-message.ts";
import { headline } from "../alert-text.ts";
import { deliverHttp } from "../http-delivery.ts";
import { JSON_HEADERS, type Sender, urlOf } from "./sender.ts";

/**
 * Posts the alert as JSON to a URL, which is a secret of its own. Several at once are one object of
 * `kind: "digest"` with `alerts`; a `count` says how many alerts something stands for.
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
