import type { ManifestAlerts } from "../contract/alert.ts";
import { type Env, valueOf } from "../settings/env.ts";
import { type Channel, ChannelError } from "./channel.ts";
import { DELIVERY_LIMITS, type DeliveryLimits, postJson } from "./post-json.ts";

type WebhookChannel = Extract<ManifestAlerts["channels"][number], { kind: "webhook" }>;

/** Posts the alert as JSON to a URL, which is a secret of its own. */
export function webhookChannel(
  { name, urlEnv }: WebhookChannel,
  env: Env,
  limits: DeliveryLimits = DELIVERY_LIMITS,
): Channel {
  return {
    name,
    send: async (event) => {
      const url = valueOf(env, urlEnv);
      if (url === undefined) return "skipped";
      if (!URL.canParse(url)) throw new ChannelError(`${urlEnv} is not a URL`);
      await postJson(url, event, limits);
      return "sent";
    },
  };
}
