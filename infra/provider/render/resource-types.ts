import type { ResourceType } from "../kit/plugin.ts";
import type { RenderClient } from "./client.ts";
import { envGroup } from "./env-group.ts";
import { environment, project } from "./project.ts";
import { keyValue } from "./key-value.ts";
import { postgres } from "./postgres.ts";
import { registryCredential } from "./registry-credential.ts";
import { serviceEnv } from "./service-env.ts";
import { serviceTypes } from "./service-kinds.ts";

/** Every resource type of the render provider. */
export const RENDER_TYPES: readonly ResourceType<RenderClient>[] = [
  ...serviceTypes,
  serviceEnv,
  envGroup,
  project,
  environment,
  postgres,
  keyValue,
  registryCredential,
];
