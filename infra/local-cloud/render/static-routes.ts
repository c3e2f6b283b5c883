import { z } from "zod";

import { notFound } from "../api-error.ts";
import { nowMs } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { answer, emptyAnswer } from "./answers.ts";
import { readBody } from "./bodies.ts";
import { isWanted, listPage } from "./lists.ts";
import type { RouteRecord, ServiceRecord } from "./records.ts";
import { queryOf } from "./requests.ts";
import { RouteInput } from "./service-bodies.ts";
import { staticSite } from "./static-headers.ts";

const PriorityBody = z.object({ priority: z.int().min(0) });

const COLLECTION = "/services/:serviceId/routes";

/** `/services/{id}/routes` of a static site: always in the order in which they are tried. */
export function addRouteRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(COLLECTION, (context) => {
    const query = queryOf(context);
    const rows = routeViews(staticSite(cloud, context.req.param("serviceId"))).filter(
      (it) =>
        isWanted(query, "type", it.type) &&
        isWanted(query, "source", it.source) &&
        isWanted(query, "destination", it.destination),
    );
    return answer(
      200,
      listPage(rows, query, { noun: "route", key: ({ id }) => id, view: (it) => it }),
    );
  });

  api.post(COLLECTION, async (context) => {
    const input = await readBody(context, cloud, RouteInput);
    const site = staticSite(cloud, context.req.param("serviceId"));

    site.routes.push(...routesFrom(cloud, [input]));
    return answer(201, routeViews(site).at(-1));
  });

  api.put(COLLECTION, async (context) => {
    const inputs = await readBody(context, cloud, z.array(RouteInput));
    const site = staticSite(cloud, context.req.param("serviceId"));

    site.routes = routesFrom(cloud, inputs);
    return answer(200, site.routes.length > 0 ? routeViews(site) : null);
  });

  addSingleRoutes(api, cloud);
}

function addSingleRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.patch(`${COLLECTION}/:routeId`, async (context) => {
    const { priority } = await readBody(context, cloud, PriorityBody);
    const { serviceId, routeId } = context.req.param();
    const site = staticSite(cloud, serviceId);
    const route = routeById(site, routeId);

    site.routes = site.routes.filter((it) => it !== route).toSpliced(priority, 0, route);
    return answer(
      200,
      routeViews(site).find(({ id }) => id === routeId),
    );
  });

  api.delete(`${COLLECTION}/:routeId`, (context) => {
    const { serviceId, routeId } = context.req.param();
    const site = staticSite(cloud, serviceId);
    const route = routeById(site, routeId);

    site.routes = site.routes.filter((it) => it !== route);
    return emptyAnswer(204);
  });
}

/** The routes to keep for those that were sent. */
export function routesFrom(
  cloud: Cloud,
  inputs: readonly z.infer<typeof RouteInput>[],
): RouteRecord[] {
  return inputs.map((input) => ({ id: newId("rdr", nowMs(cloud.state)), ...input }));
}

function routeViews({ routes }: ServiceRecord) {
  return routes.map((route, priority) => ({ ...route, priority }));
}

function routeById({ routes }: ServiceRecord, id: string): RouteRecord {
  const route = routes.find((it) => it.id === id);
  if (!route) throw notFound(id);

  return route;
}
