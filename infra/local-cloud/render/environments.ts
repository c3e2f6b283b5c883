import { badRequest, conflict, notFound } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { isWanted, isWithin, listPage } from "./lists.ts";
import {
  answer,
  emptyAnswer,
  newestFirst,
  queryOf,
  readBody,
  rowById,
  rowIfAny,
  serviceById,
} from "./requests.ts";
import { IpAllow } from "./service-bodies.ts";
import type { EnvironmentRecord } from "./records.ts";
import type { Table } from "../state.ts";
import { z } from "zod";

/** An environment of a new project, and its changeable fields. */
export const EnvironmentInput = z.object({
  name: z.string().min(1),
  protectedStatus: z.enum(["protected", "unprotected"]).optional(),
  networkIsolationEnabled: z.boolean().optional(),
  ipAllowList: z.array(IpAllow).optional(),
});
export type EnvironmentInput = z.infer<typeof EnvironmentInput>;

const EnvironmentCreate = EnvironmentInput.extend({ projectId: z.string() });

const Members = z.object({ resourceIds: z.array(z.string()) });

/** `/environments`, with their members. */
export function addEnvironmentRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/environments", (context) => answer(200, environmentPage(cloud, queryOf(context))));

  api.post("/environments", async (context) => {
    const { projectId, ...input } = await readBody(context, cloud, EnvironmentCreate);
    const project = rowById(cloud.state.projects, projectId);
    return answer(201, environmentView(cloud, newEnvironment(cloud, project.id, input)));
  });

  api.get("/environments/:environmentId", (context) => {
    const { environments } = cloud.state;
    return answer(
      200,
      environmentView(cloud, rowById(environments, context.req.param("environmentId"))),
    );
  });

  api.patch("/environments/:environmentId", async (context) => {
    const patch = await readBody(context, cloud, EnvironmentInput.partial());
    const environment = rowById(cloud.state.environments, context.req.param("environmentId"));

    Object.assign(environment, patch, { updatedAt: timestamp(nowMs(cloud.state)) });
    return answer(200, environmentView(cloud, environment));
  });

  api.delete("/environments/:environmentId", (context) => {
    const { id } = rowById(cloud.state.environments, context.req.param("environmentId"));
    ensureEmpty(cloud, id);

    delete cloud.state.environments[id];
    return emptyAnswer(204);
  });
  addMemberRoutes(api, cloud);
}

function addMemberRoutes(api: CloudRoutes, cloud: Cloud): void {
  // Render documents 200 here and answers 201.
  api.post("/environments/:environmentId/resources", async (context) => {
    const { resourceIds } = await readBody(context, cloud, Members);
    const environment = rowById(cloud.state.environments, context.req.param("environmentId"));
    const members = resourceIds.map((id) => memberById(cloud, id));

    moveMembers(cloud, members, environment.id);
    return answer(201, environmentView(cloud, environment));
  });

  // Render answers 204 for any environment id in this path, and so does this cloud.
  api.delete("/environments/:environmentId/resources", (context) => {
    const environmentId = context.req.param("environmentId");
    const members = queryOf(context)
      .getAll("resourceIds")
      .map((id) => memberById(cloud, id));

    const leaving = members.filter((it) => it.environmentId === environmentId);
    moveMembers(cloud, leaving, undefined);
    return emptyAnswer(204);
  });
}

/**
 * Moves members, or removes them. A service and a linked group of its environment move together,
 * or are unlinked first.
 */
function moveMembers(cloud: Cloud, members: readonly Member[], to: string | undefined): void {
  const ids = new Set(members.map(({ id }) => id));
  const afterMove = (row: Member) => (ids.has(row.id) ? { ...row, environmentId: to } : row);
  for (const group of Object.values(cloud.state.envGroups)) {
    for (const serviceId of group.serviceIds) {
      if (!ids.has(serviceId) && !ids.has(group.id)) continue;
      ensureLinkable(afterMove(group), afterMove(serviceById(cloud, serviceId)));
    }
  }
  for (const member of members) {
    if (to === undefined) delete member.environmentId;
    else member.environmentId = to;
  }
}

/** Adds an environment to a project that exists. */
export function newEnvironment(
  cloud: Cloud,
  projectId: string,
  input: EnvironmentInput,
): EnvironmentRecord {
  const at = nowMs(cloud.state);
  const createdAt = timestamp(at);
  const environment: EnvironmentRecord = {
    id: newId("evm", at),
    projectId,
    createdAt,
    updatedAt: createdAt,
    name: input.name,
    protectedStatus: input.protectedStatus ?? "unprotected",
    networkIsolationEnabled: input.networkIsolationEnabled,
    ipAllowList: input.ipAllowList ?? [{ cidrBlock: "0.0.0.0/0", description: "everywhere" }],
  };

  cloud.state.environments[environment.id] = environment;
  return environment;
}

/** Refuses to delete an environment that has members. */
export function ensureEmpty(cloud: Cloud, environmentId: string): void {
  const members = Object.values(memberIds(cloud, environmentId)).flatMap((ids) => ids ?? []);
  if (members.length > 0) throw conflict(`environment is not empty: ${members.join(", ")}`);
}

function environmentView(cloud: Cloud, environment: EnvironmentRecord) {
  const { createdAt: _createdAt, updatedAt: _updatedAt, ...shown } = environment;
  return { ...shown, ...memberIds(cloud, environment.id) };
}

function environmentPage(cloud: Cloud, query: URLSearchParams) {
  const rows = newestFirst(cloud.state.environments).filter(
    (it) =>
      isWanted(query, "name", it.name) &&
      isWanted(query, "projectId", it.projectId) &&
      isWanted(query, "environmentId", it.id) &&
      isWanted(query, "ownerId", cloud.state.projects[it.projectId]?.ownerId) &&
      isWithin(query, "created", it.createdAt) &&
      isWithin(query, "updated", it.updatedAt),
  );
  return listPage(rows, query, {
    noun: "environment",
    key: ({ id }) => id,
    view: (it) => environmentView(cloud, it),
  });
}

/** A possible member of an environment. */
interface Member {
  readonly id: string;
  environmentId?: string;
}

/** The members of an environment by kind, newest first; a kind without members is `null`, as Render answers it. */
function memberIds(cloud: Cloud, environmentId: string) {
  const { services, postgres, keyValues, envGroups } = cloud.state;
  const idsIn = (table: Table<Member>) => {
    const members = newestFirst(table).filter((it) => it.environmentId === environmentId);
    return members.length > 0 ? members.map(({ id }) => id) : null;
  };
  return {
    // Render's own spelling.
    databasesIds: replicasToo(cloud, idsIn(postgres)),
    redisIds: idsIn(keyValues),
    serviceIds: idsIn(services),
    envGroupIds: idsIn(envGroups),
  };
}

/** The resource with that id, of whichever kind, or 404. */
function memberById(cloud: Cloud, id: string): Member {
  const { services, postgres, keyValues, envGroups } = cloud.state;
  const tables: Table<Member>[] = [services, postgres, keyValues, envGroups];
  const member = tables.map((it) => rowIfAny(it, id)).find((it) => it !== undefined);
  if (!member) throw notFound(id);

  return member;
}

/** Refuses a link between a group of an environment and a service outside it. */
export function ensureLinkable(group: Member, service: Member): void {
  if (group.environmentId === undefined || group.environmentId === service.environmentId) return;
  throw badRequest(
    `env group ${group.id} is scoped to environment ${group.environmentId}, which ${service.id} is not in`,
  );
}

/** Refuses an environment that does not exist. */
export function ensureEnvironmentExists(cloud: Cloud, id: string | undefined): void {
  if (id !== undefined && !rowIfAny(cloud.state.environments, id)) {
    throw badRequest(`environment not found: ${id}`);
  }
}

/** Replicas belong to the environment of their primary. */
function replicasToo(cloud: Cloud, ids: string[] | null): string[] | null {
  const withReplicas = ids?.flatMap((id) => [
    ...(cloud.state.postgres[id]?.readReplicas.map((it) => it.id).toReversed() ?? []),
    id,
  ]);
  return withReplicas ?? null;
}
