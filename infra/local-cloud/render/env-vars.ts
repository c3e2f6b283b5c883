import { notFound } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import {
  ensureUnique,
  envValueFrom,
  EnvVarReplacement,
  envVarsFrom,
  EnvVarValue,
  SecretFileContent,
  SecretFileReplacement,
} from "./env-bodies.ts";
import { envelopes, type Listing, listPage } from "./lists.ts";
import type { EnvVar, SecretFile, ServiceRecord } from "./records.ts";
import { answer, emptyAnswer, queryOf, readBody, serviceById } from "./requests.ts";

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
function withEnvVar(envVars: readonly EnvVar[], changed: EnvVar): EnvVar[] {
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

const FILE_LISTING: Listing<SecretFile> = {
  noun: "secretFile",
  key: ({ name }) => name,
  view: (it) => it,
};

/** `/services/{id}/secret-files`: as the environment variables, but a single PUT answers 201. */
export function addSecretFileRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/services/:serviceId/secret-files", (context) => {
    const { secretFiles } = serviceById(cloud, context.req.param("serviceId"));
    return answer(200, listPage(secretFiles.toReversed(), queryOf(context), FILE_LISTING));
  });

  api.put("/services/:serviceId/secret-files", async (context) => {
    const files = await readBody(context, cloud, SecretFileReplacement);
    ensureUnique(files.map(({ name }) => name));

    replaceFiles(cloud, serviceById(cloud, context.req.param("serviceId")), files);
    return answer(200, envelopes(files, FILE_LISTING));
  });

  addSingleFileRoutes(api, cloud);
}

function addSingleFileRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/services/:serviceId/secret-files/:name", (context) => {
    const { serviceId, name } = context.req.param();
    return answer(200, secretFileByName(serviceById(cloud, serviceId).secretFiles, name));
  });

  api.put("/services/:serviceId/secret-files/:name", async (context) => {
    const { serviceId, name } = context.req.param();
    const { content } = await readBody(context, cloud, SecretFileContent);
    const service = serviceById(cloud, serviceId);

    replaceFiles(cloud, service, withSecretFile(service.secretFiles, { name, content }));
    return answer(201, { name, content });
  });

  api.delete("/services/:serviceId/secret-files/:name", (context) => {
    const { serviceId, name } = context.req.param();
    const service = serviceById(cloud, serviceId);
    const removed = secretFileByName(service.secretFiles, name);

    replaceFiles(
      cloud,
      service,
      service.secretFiles.filter((it) => it !== removed),
    );
    return emptyAnswer(204);
  });
}

/** The set with one file changed in its place, or added as the newest. */
function withSecretFile(files: readonly SecretFile[], changed: SecretFile): SecretFile[] {
  return files.some(({ name }) => name === changed.name)
    ? files.map((it) => (it.name === changed.name ? changed : it))
    : [...files, changed];
}

/** The file with that name, or 404. */
export function secretFileByName(files: readonly SecretFile[], name: string): SecretFile {
  const found = files.find((it) => it.name === name);
  if (!found) throw notFound(name);

  return found;
}

function replaceFiles(cloud: Cloud, service: ServiceRecord, files: SecretFile[]): void {
  service.secretFiles = files;
  service.updatedAt = timestamp(nowMs(cloud.state));
}
