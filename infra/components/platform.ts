import * as pulumi from "@pulumi/pulumi";
import type { ProjectModel, RegistryModel } from "../model/platform-model.ts";
import { Environment } from "../resources/render/environment.ts";
import { Project } from "../resources/render/project.ts";
import { RegistryCredential } from "../resources/render/registry-credential.ts";
import type { Secrets } from "../secrets.ts";
import { bareOptions, pulumiOptions } from "./options.ts";
import { register } from "./register.ts";

/** The environment and registry credentials of a stack's resources. */
export interface Platform {
  readonly render: pulumi.ProviderResource;
  /** The stack's environment; absent without a project. */
  readonly environmentId?: pulumi.Output<string>;
  /** Ids of registry credentials, by their keys in the spec. */
  readonly registries: ReadonlyMap<string, pulumi.Output<string>>;
}

/** Registers project, environment and registry credentials, which everything else needs. */
export function registerPlatform(
  render: pulumi.ProviderResource,
  model: { ownerId: string; project?: ProjectModel; registries: readonly RegistryModel[] },
  secrets: Secrets,
): Platform {
  const { ownerId, project, registries } = model;
  const ids = registries.map(
    (it) => [it.key, registerCredential(render, { ...it, ownerId }, secrets)] as const,
  );
  return {
    render,
    registries: new Map(ids),
    ...(project && { environmentId: registerEnvironment(render, ownerId, project) }),
  };
}

function registerEnvironment(
  provider: pulumi.ProviderResource,
  ownerId: string,
  { name, existing, environment, pulumi: options }: ProjectModel,
): pulumi.Output<string> {
  const project = register(Project, "project", {
    inputs: {
      name,
      ownerId,
      existing,
      firstEnvironment: environment.name,
      adopt: options?.adopt,
    },
    options: { provider, ...pulumiOptions(options) },
  });
  const { id } = register(Environment, "environment", {
    inputs: {
      name: environment.name,
      projectId: project.id,
      networkIsolation: environment.isolated,
      protected: environment.protected,
      adopt: environment.pulumi?.adopt,
    },
    options: { provider, ...pulumiOptions(environment.pulumi) },
  });
  return id;
}

function registerCredential(
  provider: pulumi.ProviderResource,
  model: RegistryModel & { ownerId: string },
  secrets: Secrets,
): pulumi.Output<string> {
  const { key, name, ownerId, registry, username, tokenSecret } = model;
  const authToken = secrets.valueOf(tokenSecret);
  if (!authToken) {
    throw new pulumi.RunError(
      `registries/${key}: the secret ${tokenSecret} is not set. Set it with: pulumi config set --secret ${tokenSecret}.`,
    );
  }
  return register(RegistryCredential, key, {
    inputs: { name, ownerId, registry, username, authToken, adopt: model.pulumi?.adopt },
    options: bareOptions(model, provider),
  }).id;
}
