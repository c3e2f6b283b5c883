import { z } from "zod";

import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { answer, emptyAnswer, newestFirst, queryOf, readBody, rowById } from "./requests.ts";
import { ensureEmpty, EnvironmentInput, newEnvironment } from "./environments.ts";
import { isWanted, isWithin, listPage } from "./lists.ts";
import { ensureOwnerId, ownerView } from "./owners.ts";
import type { ProjectRecord } from "./records.ts";

const ProjectBody = z.object({
  name: z.string().min(1),
  ownerId: z.string(),
  environments: z.array(EnvironmentInput).min(1),
});

const ProjectPatch = z.object({ name: z.string().min(1) });

/** `/projects`: created together with their first environments. */
export function addProjectRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/projects", (context) => answer(200, projectPage(cloud, queryOf(context))));

  api.post("/projects", async (context) => {
    const body = await readBody(context, cloud, ProjectBody);
    ensureOwnerId(body.ownerId);
    return answer(201, projectView(cloud, newProject(cloud, body)));
  });

  api.get("/projects/:projectId", (context) =>
    answer(200, projectView(cloud, rowById(cloud.state.projects, context.req.param("projectId")))),
  );

  api.patch("/projects/:projectId", async (context) => {
    const { name } = await readBody(context, cloud, ProjectPatch);
    const project = rowById(cloud.state.projects, context.req.param("projectId"));

    Object.assign(project, { name, updatedAt: timestamp(nowMs(cloud.state)) });
    return answer(200, projectView(cloud, project));
  });

  api.delete("/projects/:projectId", (context) => {
    const { id } = rowById(cloud.state.projects, context.req.param("projectId"));
    const environmentIds = environmentIdsOf(cloud, id);
    for (const environmentId of environmentIds) ensureEmpty(cloud, environmentId);

    for (const environmentId of environmentIds) delete cloud.state.environments[environmentId];
    delete cloud.state.projects[id];
    return emptyAnswer(204);
  });
}

function newProject(cloud: Cloud, body: z.infer<typeof ProjectBody>): ProjectRecord {
  const at = nowMs(cloud.state);
  const createdAt = timestamp(at);
  const { name, ownerId } = body;
  const project = { id: newId("prj", at), ownerId, createdAt, updatedAt: createdAt, name };

  cloud.state.projects[project.id] = project;
  for (const input of body.environments) newEnvironment(cloud, project.id, input);
  return project;
}

function environmentIdsOf(cloud: Cloud, projectId: string): string[] {
  return Object.values(cloud.state.environments)
    .filter((it) => it.projectId === projectId)
    .map(({ id }) => id);
}

function projectView(cloud: Cloud, { ownerId, ...project }: ProjectRecord) {
  return {
    ...project,
    owner: ownerView(ownerId),
    environmentIds: environmentIdsOf(cloud, project.id),
  };
}

function projectPage(cloud: Cloud, query: URLSearchParams) {
  const rows = newestFirst(cloud.state.projects).filter(
    (it) =>
      isWanted(query, "name", it.name) &&
      isWanted(query, "ownerId", it.ownerId) &&
      isWithin(query, "created", it.createdAt) &&
      isWithin(query, "updated", it.updatedAt),
  );
  return listPage(rows, query, {
    noun: "project",
    key: ({ id }) => id,
    view: (it) => projectView(cloud, it),
  });
}
