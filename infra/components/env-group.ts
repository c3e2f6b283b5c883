import * as pulumi from "@pulumi/pulumi";
import type { EnvGroupModel } from "../model/platform-model.ts";
import { EnvGroup } from "../resources/render/env-group.ts";
import { type EnvSources, environment, secretFiles } from "./env.ts";
import { componentOptions, resourceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { register, type Registered } from "./register.ts";

/** Variables and files shared by several services. */
export class SharedEnv extends pulumi.ComponentResource {
  readonly resource: Registered<typeof EnvGroup>;

  constructor(model: EnvGroupModel, sources: EnvSources, platform: Platform) {
    super("opspec:index:SharedEnv", model.key, {}, componentOptions(model, platform.render));
    this.resource = register(EnvGroup, model.key, {
      inputs: {
        name: model.name,
        adopt: model.pulumi?.adopt,
        ownerId: model.ownerId,
        environmentId: platform.environmentId,
        env: environment(model.env, sources),
        secretFiles: secretFiles(model.secretFiles, sources),
      },
      options: resourceOptions(model, this),
    });
    this.registerOutputs({ id: this.resource.id });
  }
}

/** A service's links to groups, with the content hashes that make a changed group deploy it. */
export function groupLinks(
  keys: readonly string[] | undefined,
  groups: ReadonlyMap<string, SharedEnv>,
): { envGroups?: pulumi.Input<string>[]; groupHashes?: pulumi.Input<string> } {
  if (!keys || keys.length === 0) return {};
  const linked = keys.flatMap((key) => groups.get(key)?.resource ?? []);
  return {
    envGroups: linked.map((it) => it.id),
    groupHashes: pulumi.all(linked.map((it) => it.contentHash)).apply((it) => it.join(" ")),
  };
}
