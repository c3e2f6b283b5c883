import { z } from "zod";

import { notFound } from "../api-error.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import type { Table } from "../state.ts";
import { barePage } from "./lists.ts";
import { ensureOwnerId } from "./owners.ts";
import { answer, emptyAnswer, queryOf, readBody, rowIfAny } from "./requests.ts";

const OwnerStream = z.object({
  endpoint: z.string().default(""),
  token: z.string().optional(),
  preview: z.enum(["send", "drop"]).default("drop"),
});

const ResourceStream = z.object({
  endpoint: z.string().default(""),
  token: z.string().optional(),
  setting: z.enum(["send", "drop"]).default("send"),
});

const MetricsStream = z.object({
  provider: z.enum([
    "BETTER_STACK",
    "CUSTOM",
    "DATADOG",
    "GRAFANA",
    "GROUNDCOVER",
    "HONEYCOMB",
    "NEW_RELIC",
    "SIGNOZ",
  ]),
  url: z.string().min(1),
  token: z.string().min(1),
});

const OF_OWNER = "/logs/streams/owner/:ownerId";
const OF_RESOURCE = "/logs/streams/resource/:resourceId";
const METRICS = "/metrics-stream/:ownerId";

/** `/logs/streams`: nothing is sent anywhere; the settings are stored and read back. */
export function addLogStreamRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(OF_OWNER, (context) => answer(200, ownerStreamView(cloud, context.req.param("ownerId"))));
  api.put(OF_OWNER, async (context) => {
    const ownerId = context.req.param("ownerId");
    ensureOwnerId(ownerId);
    cloud.state.logStreams[ownerId] = await readBody(context, cloud, OwnerStream);
    return answer(200, ownerStreamView(cloud, ownerId));
  });
  api.delete(OF_OWNER, (context) => remove(cloud.state.logStreams, context.req.param("ownerId")));

  api.get("/logs/streams/resource", (context) => {
    const rows = Object.keys(cloud.state.logStreams).filter((it) => resourceIfAny(cloud, it));
    const view = (id: string) => resourceStreamView(cloud, id);
    return answer(200, barePage(rows, queryOf(context), { key: (id) => id, view }));
  });
  api.get(OF_RESOURCE, (context) =>
    answer(200, resourceStreamView(cloud, context.req.param("resourceId"))),
  );
  api.put(OF_RESOURCE, async (context) => {
    const id = context.req.param("resourceId");
    if (!resourceIfAny(cloud, id)) throw notFound(id);
    cloud.state.logStreams[id] = await readBody(context, cloud, ResourceStream);
    return answer(200, resourceStreamView(cloud, id));
  });
  api.delete(OF_RESOURCE, (context) =>
    remove(cloud.state.logStreams, context.req.param("resourceId")),
  );
}

/** `/metrics-stream`: stored and read back, without its token. */
export function addMetricsStreamRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(METRICS, (context) => answer(200, metricsView(cloud, context.req.param("ownerId"))));
  api.put(METRICS, async (context) => {
    const ownerId = context.req.param("ownerId");
    ensureOwnerId(ownerId);
    cloud.state.metricsStreams[ownerId] = await readBody(context, cloud, MetricsStream);
    return answer(200, metricsView(cloud, ownerId));
  });
  api.delete(METRICS, (context) =>
    remove(cloud.state.metricsStreams, context.req.param("ownerId")),
  );
}

function ownerStreamView(cloud: Cloud, ownerId: string) {
  ensureOwnerId(ownerId);
  const { endpoint = "", preview = "drop" } = rowIfAny(cloud.state.logStreams, ownerId) ?? {};
  return { endpoint, ownerId, preview };
}

/** Until a client sets a stream, it is not found. */
function resourceStreamView(cloud: Cloud, resourceId: string) {
  const stream = rowIfAny(cloud.state.logStreams, resourceId);
  if (!stream) throw notFound(resourceId);
  return { endpoint: stream.endpoint, resourceId, setting: stream.setting };
}

function metricsView(cloud: Cloud, ownerId: string) {
  const stream = rowIfAny(cloud.state.metricsStreams, ownerId);
  if (!stream) throw notFound(ownerId);
  return { ownerId, provider: stream.provider, url: stream.url };
}

function resourceIfAny(cloud: Cloud, id: string): unknown {
  const { services, postgres, keyValues } = cloud.state;
  return rowIfAny(services, id) ?? rowIfAny(postgres, id) ?? rowIfAny(keyValues, id);
}

function remove(table: Table<unknown>, id: string): Response {
  if (!Object.hasOwn(table, id)) throw notFound(id);
  delete table[id];
  return emptyAnswer(204);
}
