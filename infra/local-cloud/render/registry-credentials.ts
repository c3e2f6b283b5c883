import { z } from "zod";

import { badRequest } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import {
  answer,
  emptyAnswer,
  newestFirst,
  queryOf,
  readBody,
  rowById,
  rowIfAny,
} from "./requests.ts";
import { barePage, isWanted, isWithin } from "./lists.ts";
import { ensureOwnerId } from "./owners.ts";
import type { RegistryCredentialRecord } from "./records.ts";

/** A change needs all four fields, including the token. */
const CredentialPatch = z.object({
  name: z.string().min(1),
  registry: z.enum(["GITHUB", "GITLAB", "DOCKER", "GOOGLE_ARTIFACT", "AWS_ECR"]),
  username: z.string(),
  authToken: z.string(),
});

const CredentialBody = CredentialPatch.extend({ ownerId: z.string() });

/** `/registrycredentials`: a bare list, and 200 for a new one. */
export function addRegistryCredentialRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/registrycredentials", (context) =>
    answer(200, credentialPage(cloud, queryOf(context))),
  );

  api.post("/registrycredentials", async (context) => {
    const body = await readBody(context, cloud, CredentialBody);
    const at = nowMs(cloud.state);
    const createdAt = timestamp(at);
    ensureOwnerId(body.ownerId);

    const credential = { id: newId("rgc", at), createdAt, updatedAt: createdAt, ...body };
    cloud.state.registryCredentials[credential.id] = credential;
    return answer(200, credentialView(credential));
  });

  api.get("/registrycredentials/:credentialId", (context) => {
    const { registryCredentials } = cloud.state;
    return answer(
      200,
      credentialView(rowById(registryCredentials, context.req.param("credentialId"))),
    );
  });

  api.patch("/registrycredentials/:credentialId", async (context) => {
    const patch = await readBody(context, cloud, CredentialPatch);
    const id = context.req.param("credentialId");
    const credential = rowById(cloud.state.registryCredentials, id);

    Object.assign(credential, patch, { updatedAt: timestamp(nowMs(cloud.state)) });
    return answer(200, credentialView(credential));
  });

  api.delete("/registrycredentials/:credentialId", (context) => {
    const { registryCredentials } = cloud.state;
    delete registryCredentials[rowById(registryCredentials, context.req.param("credentialId")).id];
    return emptyAnswer(204);
  });
}

/** Refuses a credential that does not exist; an empty id removes it. */
export function ensureCredentialExists(cloud: Cloud, id: string | undefined): void {
  if (id && !rowIfAny(cloud.state.registryCredentials, id)) {
    throw badRequest(`registry credential not found: ${id}`);
  }
}

function credentialView({ id, name, registry, username, updatedAt }: RegistryCredentialRecord) {
  return { id, name, registry, username, updatedAt };
}

function credentialPage(cloud: Cloud, query: URLSearchParams) {
  const rows = newestFirst(cloud.state.registryCredentials).filter(
    (it) =>
      isWanted(query, "name", it.name) &&
      isWanted(query, "username", it.username) &&
      isWanted(query, "type", it.registry) &&
      isWanted(query, "ownerId", it.ownerId) &&
      isWithin(query, "created", it.createdAt) &&
      isWithin(query, "updated", it.updatedAt),
  );
  return barePage(rows, query, { key: ({ id }) => id, view: credentialView });
}
