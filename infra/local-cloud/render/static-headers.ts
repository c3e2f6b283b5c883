import { z } from "zod";

import { badRequest, notFound } from "../api-error.ts";
import { nowMs } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { answer, emptyAnswer } from "./answers.ts";
import { readBody } from "./bodies.ts";
import { isWanted, listPage } from "./lists.ts";
import type { HeaderRecord, ServiceRecord } from "./records.ts";
import { queryOf, serviceById } from "./requests.ts";
import { HeaderInput } from "./service-bodies.ts";

const COLLECTION = "/services/:serviceId/headers";

/** `/services/{id}/headers` of a static site; lists are the reverse of the last request. */
export function addHeaderRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(COLLECTION, (context) => {
    const site = staticSite(cloud, context.req.param("serviceId"));
    return answer(200, headerPage(site, queryOf(context)));
  });

  api.post(COLLECTION, async (context) => {
    const [header] = headersFrom(cloud, [await readBody(context, cloud, HeaderInput)]);
    const site = staticSite(cloud, context.req.param("serviceId"));

    if (header) site.headers.push(header);
    return answer(201, { headers: header });
  });

  api.put(COLLECTION, async (context) => {
    const inputs = await readBody(context, cloud, z.array(HeaderInput));
    const site = staticSite(cloud, context.req.param("serviceId"));

    site.headers = headersFrom(cloud, inputs);
    return answer(200, site.headers.length > 0 ? site.headers : null);
  });

  api.delete(`${COLLECTION}/:headerId`, (context) => {
    const { serviceId, headerId } = context.req.param();
    const site = staticSite(cloud, serviceId);
    const kept = site.headers.filter(({ id }) => id !== headerId);
    if (kept.length === site.headers.length) throw notFound(headerId);

    site.headers = kept;
    return emptyAnswer(204);
  });
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

/** The headers to keep for those that were sent. */
export function headersFrom(
  cloud: Cloud,
  inputs: readonly z.infer<typeof HeaderInput>[],
): HeaderRecord[] {
  return inputs.map((input) => ({ id: newId("hdr", nowMs(cloud.state)), ...input }));
}

/** The static site with that id; other services have neither headers nor routes. */
export function staticSite(cloud: Cloud, id: string): ServiceRecord {
  const service = serviceById(cloud, id);
  if (service.type !== "static_site") {
    throw badRequest(`a service of type ${service.type} has no headers and routes`);
  }
  return service;
}
