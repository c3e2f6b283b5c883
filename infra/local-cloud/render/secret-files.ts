import { notFound } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { answer, emptyAnswer } from "./answers.ts";
import { readBody } from "./bodies.ts";
import { ensureUnique, SecretFileContent, SecretFileList } from "./env-bodies.ts";
import { envelopes, type Listing, listPage } from "./lists.ts";
import type { SecretFile, ServiceRecord } from "./records.ts";
import { queryOf, serviceById } from "./requests.ts";

const LISTING: Listing<SecretFile> = {
  noun: "secretFile",
  key: ({ name }) => name,
  view: (it) => it,
};

/** `/services/{id}/secret-files`: as the environment variables, but a single PUT answers 201. */
export function addSecretFileRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/services/:serviceId/secret-files", (context) => {
    const { secretFiles } = serviceById(cloud, context.req.param("serviceId"));
    return answer(200, listPage(secretFiles.toReversed(), queryOf(context), LISTING));
  });

  api.put("/services/:serviceId/secret-files", async (context) => {
    const files = await readBody(context, cloud, SecretFileList);
    ensureUnique(files.map(({ name }) => name));

    replaceFiles(cloud, serviceById(cloud, context.req.param("serviceId")), files);
    return answer(200, envelopes(files, LISTING));
  });

  addSingleRoutes(api, cloud);
}

function addSingleRoutes(api: CloudRoutes, cloud: Cloud): void {
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
export function withSecretFile(files: readonly SecretFile[], changed: SecretFile): SecretFile[] {
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
