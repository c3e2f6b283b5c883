import { notFound } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { answer, emptyAnswer } from "./answers.ts";
import { readBody } from "./bodies.ts";
import { EnvVarReplacement, envValueFrom, EnvVarValue, envVarsFrom } from "./env-bodies.ts";
import { envelopes, type Listing, listPage } from "./lists.ts";
import type { EnvVar, ServiceRecord } from "./records.ts";
import { queryOf, serviceById } from "./requests.ts";

const LISTING: Listing<EnvVar> = { noun: "envVar", key: ({ key }) => key, view: (it) => it };

/** `/services/{id}/env-vars`: lists are the reverse of the last request, a PUT answers in its own order. */
export function addEnvVarRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/services/:serviceId/env-vars", (context) => {
    const { envVars } = serviceById(cloud, context.req.param("serviceId"));
    return answer(200, listPage(envVars.toReversed(), queryOf(context), LISTING));
  });

  api.put("/services/:serviceId/env-vars", async (context) => {
    const inputs = await readBody(context, cloud, EnvVarReplacement);
    const envVars = envVarsFrom(inputs);

    replaceEnvVars(cloud, serviceById(cloud, context.req.param("serviceId")), envVars);
    return answer(200, envelopes(envVars, LISTING));
  });

  addSingleRoutes(api, cloud);
}

function addSingleRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/services/:serviceId/env-vars/:key", (context) => {
    const { serviceId, key } = context.req.param();
    return answer(200, envVarByKey(serviceById(cloud, serviceId).envVars, key));
  });

  api.put("/services/:serviceId/env-vars/:key", async (context) => {
    const { serviceId, key } = context.req.param();
    const envVar = { key, value: envValueFrom(key, await readBody(context, cloud, EnvVarValue)) };
    const service = serviceById(cloud, serviceId);

    replaceEnvVars(cloud, service, withEnvVar(service.envVars, envVar));
    return answer(200, envVar);
  });

  api.delete("/services/:serviceId/env-vars/:key", (context) => {
    const { serviceId, key } = context.req.param();
    const service = serviceById(cloud, serviceId);
    const removed = envVarByKey(service.envVars, key);

    replaceEnvVars(
      cloud,
      service,
      service.envVars.filter((it) => it !== removed),
    );
    return emptyAnswer(204);
  });
}

/** The set with one variable changed in its place, or added as the newest. */
export function withEnvVar(envVars: readonly EnvVar[], changed: EnvVar): EnvVar[] {
  return envVars.some(({ key }) => key === changed.key)
    ? envVars.map((it) => (it.key === changed.key ? changed : it))
    : [...envVars, changed];
}

/** The variable with that key, or 404. */
export function envVarByKey(envVars: readonly EnvVar[], key: string): EnvVar {
  const found = envVars.find((it) => it.key === key);
  if (!found) throw notFound(key);

  return found;
}

function replaceEnvVars(cloud: Cloud, service: ServiceRecord, envVars: EnvVar[]): void {
  service.envVars = envVars;
  service.updatedAt = timestamp(nowMs(cloud.state));
}
