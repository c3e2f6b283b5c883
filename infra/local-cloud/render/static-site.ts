import { badRequest, notFound } from "../api-error.ts";
import { nowMs } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { isWanted, listPage } from "./lists.ts";
import type { HeaderRecord, RouteRecord, ServiceRecord } from "./records.ts";
import { answer, emptyAnswer, queryOf, readBody, serviceById } from "./requests.ts";
import { HeaderInput, RouteInput } from "./service-bodies.ts";
import { z } from "zod";

const HEADERS = "/services/:serviceId/headers";

/** `/services/{id}/headers` of a static site; lists are the reverse of the last request. */
export function addHeaderRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(HEADERS, (context) => {
    const site = staticSite(cloud, context.req.param("serviceId"));
    return answer(200, headerPage(site, queryOf(context)));
  });

  api.post(HEADERS, async (context) => {
    const [header] = headersFrom(cloud, [await readBody(context, cloud, HeaderInput)]);
    const site = staticSite(cloud, context.req.param("serviceId"));

    if (header) site.headers.push(header);
    return answer(201, { headers: header });
  });

  api.put(HEADERS, async (context) => {
    const inputs = await readBody(context, cloud, z.array(HeaderInput).nullable());
    const site = staticSite(cloud, context.req.param("serviceId"));

    site.headers = headersFrom(cloud, inputs ?? []);
    return answer(200, replaced(inputs, site.headers));
  });

  api.delete(`${HEADERS}/:headerId`, (context) => {
    const { serviceId, headerId } = context.req.param();
    const site = staticSite(cloud, serviceId);
    const kept = site.headers.filter(({ id }) => id !== headerId);
    if (kept.length === site.headers.length) throw notFound(headerId);

    site.headers = kept;
    return emptyAnswer(204);
  });
}

/** The answer to a replacement: the body `null` is answered `[]`, and `[]` is answered `null`. */
function replaced<Row>(
  sent: readonly unknown[] | null,
  rows: readonly Row[],
): readonly Row[] | null {
  return sent !== null && rows.length === 0 ? null : rows;
}

function headerPage({ headers }: ServiceRecord, query: URLSearchParams) {
  const rows = headers
    .toReversed()
    .filter(
      (it) =>
        isWanted(query, "path", it.path) &&
        isWanted(query, "name", it.name) &&
        isWanted(query, "value", it.value),
    );
  return listPage(rows, query, { noun: "header", key: ({ id }) => id, view: (it) => it });
}

/** The headers to store. */
export function headersFrom(
  cloud: Cloud,
  inputs: readonly z.infer<typeof HeaderInput>[],
): HeaderRecord[] {
  return inputs.map((input) => ({ id: newId("hdr", nowMs(cloud.state)), ...input }));
}

/** The static site with that id; other services have no headers and routes. */
function staticSite(cloud: Cloud, id: string): ServiceRecord {
  const service = serviceById(cloud, id);
  if (service.type !== "static_site") {
    throw badRequest(`a service of type ${service.type} has no headers and routes`);
  }
  return service;
}

const PriorityBody = z.object({ priority: z.int().min(0) });

const ROUTES = "/services/:serviceId/routes";

/** `/services/{id}/routes` of a static site: always in the order in which they are tried. */
export function addRouteRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(ROUTES, (context) => {
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

  api.post(ROUTES, async (context) => {
    const input = await readBody(context, cloud, RouteInput);
    const site = staticSite(cloud, context.req.param("serviceId"));

    site.routes.push(...routesFrom(cloud, [input]));
    return answer(201, routeViews(site).at(-1));
  });

  api.put(ROUTES, async (context) => {
    const inputs = await readBody(context, cloud, z.array(RouteInput).nullable());
    const site = staticSite(cloud, context.req.param("serviceId"));

    site.routes = routesFrom(cloud, inputs ?? []);
    return answer(200, replaced(inputs, routeViews(site)));
  });

  addSingleRoutes(api, cloud);
}

function addSingleRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.patch(`${ROUTES}/:routeId`, async (context) => {
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

  api.delete(`${ROUTES}/:routeId`, (context) => {
    const { serviceId, routeId } = context.req.param();
    const site = staticSite(cloud, serviceId);
    const route = routeById(site, routeId);

    site.routes = site.routes.filter((it) => it !== route);
    return emptyAnswer(204);
  });
}

/** The routes to store. */
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
