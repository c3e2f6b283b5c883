import { nanoTimestamp, nowMs, roundedTimestamp, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import {
  ensureUnique,
  envValueFrom,
  EnvVarList,
  envVarsFrom,
  EnvVarValue,
  SecretFileContent,
  SecretFileList,
} from "./env-bodies.ts";
import { envVarByKey, secretFileByName } from "./env-vars.ts";
import { ensureEnvironmentExists, ensureLinkable } from "./environments.ts";
import { barePage, isWanted, isWithin } from "./lists.ts";
import { ensureOwnerId } from "./owners.ts";
import {
  answer,
  emptyAnswer,
  newestFirst,
  queryOf,
  readBody,
  rowById,
  serviceById,
} from "./requests.ts";
import { serviceType } from "./service-types.ts";
import type { EnvGroupRecord } from "./records.ts";
import type { Context } from "hono";
import { z } from "zod";

const EnvGroupBody = z.object({
  name: z.string().min(1),
  ownerId: z.string(),
  envVars: EnvVarList.default([]),
  secretFiles: SecretFileList.default([]),
  serviceIds: z.array(z.string()).default([]),
  environmentId: z.string().min(1).optional(),
});

/** A PATCH changes only the name; items have their own routes. */
const EnvGroupPatch = z.object({ name: z.string().min(1) });

/** `/env-groups`: list (without values), create, read, rename, delete, link. */
export function addEnvGroupRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/env-groups", (context) => answer(200, groupPage(cloud, queryOf(context))));

  api.post("/env-groups", async (context) => {
    const group = newGroup(cloud, await readBody(context, cloud, EnvGroupBody));
    // Only this answer has nanoseconds.
    const { createdAt, updatedAt } = group;
    return answer(201, { ...envGroupView(cloud, group), createdAt, updatedAt });
  });

  api.get("/env-groups/:groupId", (context) =>
    answer(200, envGroupView(cloud, groupOf(context, cloud))),
  );

  api.patch("/env-groups/:groupId", async (context) => {
    const { name } = await readBody(context, cloud, EnvGroupPatch);
    const group = groupOf(context, cloud);

    Object.assign(group, { name, updatedAt: timestamp(nowMs(cloud.state)) });
    return answer(200, envGroupView(cloud, group));
  });

  api.delete("/env-groups/:groupId", (context) => {
    delete cloud.state.envGroups[groupOf(context, cloud).id];
    return emptyAnswer(204);
  });

  addLinkRoutes(api, cloud);
}

function addLinkRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.post("/env-groups/:groupId/services/:serviceId", (context) => {
    const group = groupOf(context, cloud);
    const service = serviceById(cloud, context.req.param("serviceId"));
    ensureLinkable(group, service);

    group.serviceIds = [...new Set([...group.serviceIds, service.id])];
    return answer(200, envGroupView(cloud, group));
  });

  api.delete("/env-groups/:groupId/services/:serviceId", (context) => {
    const group = groupOf(context, cloud);
    const { id } = serviceById(cloud, context.req.param("serviceId"));

    group.serviceIds = group.serviceIds.filter((it) => it !== id);
    return emptyAnswer(204);
  });
}

/** The group with its values in clear, as Render answers it: the last written first. */
function envGroupView(cloud: Cloud, group: EnvGroupRecord) {
  const { envVars, secretFiles } = group;
  return {
    ...metaView(cloud, group),
    envVars: envVars.toReversed(),
    secretFiles: secretFiles.toReversed(),
  };
}

/** The group that the path names, or 404. */
function groupOf(context: Context, cloud: Cloud): EnvGroupRecord {
  return rowById(cloud.state.envGroups, context.req.param("groupId") ?? "");
}

function metaView(cloud: Cloud, group: EnvGroupRecord) {
  const { id, name, ownerId, environmentId } = group;

  return {
    id,
    name,
    ownerId,
    environmentId,
    createdAt: roundedTimestamp(group.createdAt),
    updatedAt: roundedTimestamp(group.updatedAt),
    serviceLinks: group.serviceIds.map((it) => linkView(cloud, it)),
  };
}

function linkView(cloud: Cloud, serviceId: string) {
  const { id, name, type } = serviceById(cloud, serviceId);
  return { id, name, type: serviceType(type).short };
}

function groupPage(cloud: Cloud, query: URLSearchParams) {
  const rows = newestFirst(cloud.state.envGroups).filter(
    (it) =>
      isWanted(query, "name", it.name) &&
      isWanted(query, "ownerId", it.ownerId) &&
      isWanted(query, "environmentId", it.environmentId) &&
      isWithin(query, "created", it.createdAt) &&
      isWithin(query, "updated", it.updatedAt),
  );
  return barePage(rows, query, { key: ({ id }) => id, view: (it) => metaView(cloud, it) });
}

function newGroup(cloud: Cloud, body: z.infer<typeof EnvGroupBody>): EnvGroupRecord {
  const { name, ownerId, secretFiles, serviceIds, environmentId } = body;
  ensureOwnerId(ownerId);
  ensureEnvironmentExists(cloud, environmentId);
  ensureUnique(secretFiles.map((it) => it.name));
  for (const id of serviceIds) ensureLinkable({ id: name, environmentId }, serviceById(cloud, id));

  const at = nowMs(cloud.state);
  const createdAt = nanoTimestamp(at);
  const group: EnvGroupRecord = {
    id: newId("evg", at),
    ownerId,
    createdAt,
    updatedAt: createdAt,
    name,
    envVars: envVarsFrom(body.envVars),
    secretFiles,
    serviceIds: [...new Set(serviceIds)],
    environmentId,
  };
  cloud.state.envGroups[group.id] = group;
  return group;
}

/** Variables and files of a group: a PUT answers the whole group, and none of these moves `updatedAt`. */
export function addEnvGroupItemRoutes(api: CloudRoutes, cloud: Cloud): void {
  addVariableRoutes(api, cloud);
  addFileRoutes(api, cloud);
}

function addVariableRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/env-groups/:groupId/env-vars/:key", (context) =>
    answer(200, envVarByKey(groupOf(context, cloud).envVars, context.req.param("key"))),
  );

  api.put("/env-groups/:groupId/env-vars/:key", async (context) => {
    const key = context.req.param("key");
    const value = envValueFrom(key, await readBody(context, cloud, EnvVarValue));
    const group = groupOf(context, cloud);

    group.envVars = [...group.envVars.filter((it) => it.key !== key), { key, value }];
    return answer(200, envGroupView(cloud, group));
  });

  api.delete("/env-groups/:groupId/env-vars/:key", (context) => {
    const group = groupOf(context, cloud);
    const removed = envVarByKey(group.envVars, context.req.param("key"));

    group.envVars = group.envVars.filter((it) => it !== removed);
    return emptyAnswer(204);
  });
}

function addFileRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/env-groups/:groupId/secret-files/:name", (context) =>
    answer(200, secretFileByName(groupOf(context, cloud).secretFiles, context.req.param("name"))),
  );

  api.put("/env-groups/:groupId/secret-files/:name", async (context) => {
    const name = context.req.param("name");
    const { content } = await readBody(context, cloud, SecretFileContent);
    const group = groupOf(context, cloud);

    group.secretFiles = [...group.secretFiles.filter((it) => it.name !== name), { name, content }];
    return answer(200, envGroupView(cloud, group));
  });

  api.delete("/env-groups/:groupId/secret-files/:name", (context) => {
    const group = groupOf(context, cloud);
    const removed = secretFileByName(group.secretFiles, context.req.param("name"));

    group.secretFiles = group.secretFiles.filter((it) => it !== removed);
    return emptyAnswer(204);
  });
}
