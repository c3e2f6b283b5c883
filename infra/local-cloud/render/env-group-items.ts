import type { Cloud, CloudRoutes } from "../cloud.ts";
import { answer, emptyAnswer } from "./answers.ts";
import { readBody } from "./bodies.ts";
import { envValueFrom, EnvVarValue, SecretFileContent } from "./env-bodies.ts";
import { envGroupView, groupOf } from "./env-groups.ts";
import { envVarByKey, withEnvVar } from "./env-vars.ts";
import { secretFileByName, withSecretFile } from "./secret-files.ts";

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

    group.envVars = withEnvVar(group.envVars, { key, value });
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

    group.secretFiles = withSecretFile(group.secretFiles, { name, content });
    return answer(200, envGroupView(cloud, group));
  });

  api.delete("/env-groups/:groupId/secret-files/:name", (context) => {
    const group = groupOf(context, cloud);
    const removed = secretFileByName(group.secretFiles, context.req.param("name"));

    group.secretFiles = group.secretFiles.filter((it) => it !== removed);
    return emptyAnswer(204);
  });
}
