import type { Logger } from "pino";
import type { AlertEvent, AlertSink, Delivery } from "../alert-event.ts";
import type { ManifestAlerts } from "../contract/alert.ts";
import { redactDeep } from "../log/redaction.ts";
import type { Env } from "../settings/env.ts";
import { type Channel, ChannelError } from "./channel.ts";
import { webhookChannel } from "./webhook.ts";

/** The channels of a manifest as one sink. */
export function openAlerts(alerts: ManifestAlerts, env: Env, log: Logger): AlertSink {
  return alertSink(
    alerts.channels.map((it) => webhookChannel(it, env)),
    log,
  );
}

/**
 * Sends to every channel. `sent` when one of them took it; `error` when none did and one failed,
 * so that it may be tried again; `skipped` when no channel is set up. It never throws.
 */
export function alertSink(channels: readonly Channel[], log: Logger): AlertSink {
  return {
    send: async (event) => {
      const safe = withoutSecrets(event);
      const deliveries = await Promise.all(channels.map((it) => deliver(it, safe, log)));
      if (deliveries.includes("sent")) return "sent";
      return deliveries.includes("error") ? "error" : "skipped";
    },
  };
}

async function deliver(channel: Channel, event: AlertEvent, log: Logger): Promise<Delivery> {
  const { key, kind, title } = event;
  const line = { channel: channel.name, alert: kind, key, title };
  try {
    const delivery = await channel.send(event);
    log.info({ ...line, delivery }, delivery === "sent" ? "alert sent" : "alert skipped");
    return delivery;
  } catch (error) {
    const why = error instanceof ChannelError ? error.message : "unexpected error";
    log.error({ ...line, delivery: "error", why }, "alert not sent");
    return "error";
  }
}

/** An error's text in a title or in details may hold what must not leave the process. */
function withoutSecrets(event: AlertEvent): AlertEvent {
  const { title, details } = event;
  return { ...event, title: String(redactDeep(title)), details: { ...redactedDetails(details) } };
}

function redactedDetails(details: AlertEvent["details"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, redactDeep(value)]),
  );
}
