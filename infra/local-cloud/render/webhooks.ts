import type { Context } from "hono";
import { z } from "zod";

import { nowMs } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId, randomText } from "../ids.ts";
import { isWanted, listPage } from "./lists.ts";
import { ensureOwnerId } from "./owners.ts";
import type { WebhookRecord } from "./records.ts";
import { answer, emptyAnswer, newestFirst, queryOf, readBody, rowById } from "./requests.ts";

const SECRET_LENGTH = 32;

const WebhookPatch = z.object({
  name: z.string().min(1).optional(),
  url: z.url().optional(),
  enabled: z.boolean().optional(),
  eventFilter: z.array(z.string()).optional(),
});

const WebhookBody = WebhookPatch.extend({
  ownerId: z.string(),
  name: z.string().min(1),
  url: z.url(),
  enabled: z.boolean().default(true),
  eventFilter: z.array(z.string()).default([]),
});

const ONE = "/webhooks/:webhookId";

/** `/webhooks`: stored and read back, with a secret that the cloud makes up. */
export function addWebhookRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/webhooks", (context) => {
    const query = queryOf(context);
    const rows = newestFirst(cloud.state.webhooks).filter((it) =>
      isWanted(query, "ownerId", it.ownerId),
    );
    return answer(
      200,
      listPage(rows, query, { noun: "webhook", key: ({ id }) => id, view: webhookView }),
    );
  });

  api.post("/webhooks", async (context) => {
    const body = await readBody(context, cloud, WebhookBody);
    ensureOwnerId(body.ownerId);
    const webhook = {
      id: newId("whk", nowMs(cloud.state)),
      secret: `whsec_${randomText(SECRET_LENGTH)}`,
      ...body,
    };
    cloud.state.webhooks[webhook.id] = webhook;
    return answer(201, webhookView(webhook));
  });

  api.get(ONE, (context) => answer(200, webhookView(webhookOf(context, cloud))));
  api.patch(ONE, async (context) => {
    const patch = await readBody(context, cloud, WebhookPatch);
    return answer(200, webhookView(Object.assign(webhookOf(context, cloud), patch)));
  });
  api.delete(ONE, (context) => {
    delete cloud.state.webhooks[webhookOf(context, cloud).id];
    return emptyAnswer(204);
  });
  // Nothing is delivered, so there are no deliveries to list.
  api.get(`${ONE}/events`, (context) => {
    webhookOf(context, cloud);
    return answer(200, []);
  });
}

function webhookOf(context: Context, cloud: Cloud): WebhookRecord {
  return rowById(cloud.state.webhooks, context.req.param("webhookId") ?? "");
}

function webhookView({ ownerId: _ownerId, eventFilter, ...webhook }: WebhookRecord) {
  return { ...webhook, eventFilter: eventFilter.length > 0 ? eventFilter : null };
}
