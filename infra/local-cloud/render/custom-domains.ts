import { badRequest, conflict, notFound } from "../api-error.ts";
import { nanoTimestamp, nowMs, roundedTimestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { isWanted, isWithin, listPage } from "./lists.ts";
import type { CustomDomainRecord, ServiceRecord } from "./records.ts";
import { answer, emptyAnswer, newestFirst, queryOf, readBody, serviceById } from "./requests.ts";
import { serviceType } from "./service-types.ts";
import type { Context } from "hono";
import { z } from "zod";

const DomainBody = z.object({ name: z.string().toLowerCase() });

const COLLECTION = "/services/:serviceId/custom-domains";
const ONE = `${COLLECTION}/:idOrName` as const;

/** `/services/{id}/custom-domains`, by id or by name. */
export function addCustomDomainRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(COLLECTION, (context) => {
    const { id } = serviceById(cloud, context.req.param("serviceId"));
    return answer(200, domainPage(cloud, id, queryOf(context)));
  });

  api.post(COLLECTION, async (context) => {
    const { name } = await readBody(context, cloud, DomainBody);
    const service = serviceById(cloud, context.req.param("serviceId"));
    const added = addDomains(cloud, service, name);
    // An array, because a sibling may be added; only this answer has nanoseconds.
    return answer(
      201,
      added.map((it) => ({ ...domainView(it), createdAt: it.createdAt })),
    );
  });

  api.get(ONE, (context) => answer(200, domainView(domainOf(context, cloud))));

  api.delete(ONE, (context) => {
    const { serviceId, name, id } = domainOf(context, cloud);
    const { customDomains } = cloud.state;
    // A domain that redirects to this one is removed with it.
    const gone = domainsOf(cloud, serviceId).filter(
      (it) => it.id === id || it.redirectForName === name,
    );
    for (const domain of gone) delete customDomains[domain.id];
    return emptyAnswer(204);
  });

  // Every name counts as verified, because there is no DNS here.
  api.post(`${ONE}/verify`, (context) => {
    domainOf(context, cloud).verificationStatus = "verified";
    return emptyAnswer(202);
  });
}

function addDomains(cloud: Cloud, service: ServiceRecord, name: string): CustomDomainRecord[] {
  if (!serviceType(service.type).hasDomains) {
    throw badRequest(`a service of type ${service.type} cannot have custom domains`);
  }
  if (!domainParts(name)) throw badRequest(`invalid domain name: ${name}`);
  if (isTaken(cloud, name)) throw conflict(`domain is already in use: ${name}`);

  const sibling = siblingName(name);
  const domains = [newDomain(cloud, service.id, { name, redirectForName: "" })];
  if (sibling !== undefined && !isTaken(cloud, sibling)) {
    domains.push(newDomain(cloud, service.id, { name: sibling, redirectForName: name }));
  }
  return domains;
}

function newDomain(
  cloud: Cloud,
  serviceId: string,
  { name, redirectForName }: Pick<CustomDomainRecord, "name" | "redirectForName">,
): CustomDomainRecord {
  const parts = domainParts(name);
  if (!parts) throw badRequest(`invalid domain name: ${name}`);

  const at = nowMs(cloud.state);
  const domain: CustomDomainRecord = {
    id: newId("cdm", at),
    serviceId,
    createdAt: nanoTimestamp(at),
    name,
    ...parts,
    redirectForName,
    verificationStatus: "unverified",
  };
  cloud.state.customDomains[domain.id] = domain;
  return domain;
}

function isTaken(cloud: Cloud, name: string): boolean {
  return Object.values(cloud.state.customDomains).some((it) => it.name === name);
}

function domainsOf(cloud: Cloud, serviceId: string): CustomDomainRecord[] {
  return newestFirst(cloud.state.customDomains).filter((it) => it.serviceId === serviceId);
}

function domainOf(context: Context, cloud: Cloud): CustomDomainRecord {
  const { serviceId = "", idOrName = "" } = context.req.param();
  const { id } = serviceById(cloud, serviceId);
  const domain = domainsOf(cloud, id).find((it) => it.id === idOrName || it.name === idOrName);
  if (!domain) throw notFound(idOrName);

  return domain;
}

function domainView({ serviceId: _serviceId, ...domain }: CustomDomainRecord) {
  return { ...domain, createdAt: roundedTimestamp(domain.createdAt) };
}

function domainPage(cloud: Cloud, serviceId: string, query: URLSearchParams) {
  const rows = domainsOf(cloud, serviceId).filter(
    (it) =>
      isWanted(query, "name", it.name) &&
      isWanted(query, "domainType", it.domainType) &&
      isWanted(query, "verificationStatus", it.verificationStatus) &&
      isWithin(query, "created", it.createdAt),
  );
  return listPage(rows, query, {
    noun: "customDomain",
    key: ({ id }) => id,
    view: (it) => domainView(it),
  });
}
/** A host name with at least one dot; a wildcard may stand for its first part. */
const DOMAIN_NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/;

/**
 * Frequent public suffixes of two parts. The full list has thousands; any other suffix counts as
 * one part, which makes `example.co.zz` a subdomain.
 */
const TWO_PART_SUFFIXES =
  "ac.uk co.uk org.uk com.au net.au co.nz co.za co.in co.jp co.kr com.ar com.br com.cn com.co com.mx com.pe com.sg com.tr com.tw".split(
    " ",
  );

/** A parsed domain name. */
interface DomainParts {
  readonly publicSuffix: string;
  readonly domainType: "apex" | "subdomain";
}

/** Parses a domain name; undefined when it is invalid. */
function domainParts(name: string): DomainParts | undefined {
  if (!DOMAIN_NAME.test(name)) return undefined;

  const labels = name.split(".");
  const lastTwo = labels.slice(-2).join(".");
  const publicSuffix = TWO_PART_SUFFIXES.includes(lastTwo) ? lastTwo : (labels.at(-1) ?? "");
  const isApex = labels.length === publicSuffix.split(".").length + 1;
  return { publicSuffix, domainType: isApex ? "apex" : "subdomain" };
}

/** The sibling that Render adds: `www` for an apex, the apex for `www`. */
function siblingName(name: string): string | undefined {
  if (domainParts(name)?.domainType === "apex") return `www.${name}`;
  if (!name.startsWith("www.")) return undefined;

  const parent = name.slice("www.".length);
  return domainParts(parent)?.domainType === "apex" ? parent : undefined;
}
