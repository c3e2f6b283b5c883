import * as pulumi from "@pulumi/pulumi";
import type { KeyValueModel } from "../model/platform-model.ts";
import type { ResourceOutputs } from "../outputs.ts";
import { KeyValue } from "../resources/render/key-value.ts";
import { componentOptions, resourceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { register } from "./register.ts";

/** A Key Value instance of the stack. */
export class KeyValueStore extends pulumi.ComponentResource {
  readonly outputs: ResourceOutputs;
  readonly addresses: Readonly<Record<"internalUrl" | "externalUrl", pulumi.Output<string>>>;

  constructor(model: KeyValueModel, platform: Platform) {
    super("opspec:index:KeyValueStore", model.key, {}, componentOptions(model, platform.render));
    const { id, dashboardUrl, internalUrl, externalUrl } = registerKeyValue(model, platform, this);
    this.addresses = { internalUrl, externalUrl };
    this.outputs = { id, dashboardUrl };
    this.registerOutputs(this.outputs);
  }
}

function registerKeyValue(model: KeyValueModel, platform: Platform, parent: pulumi.Resource) {
  return register(KeyValue, model.key, {
    inputs: {
      name: model.name,
      adopt: model.pulumi?.adopt,
      ownerId: model.ownerId,
      region: model.region,
      plan: model.plan,
      environmentId: platform.environmentId,
      maxmemoryPolicy: model.maxmemoryPolicy,
      persistenceMode: model.persistenceMode,
      ipAllowList: model.allowList && [...model.allowList],
      allowDataLoss: model.allowDataLoss,
    },
    options: resourceOptions(model, parent),
  });
}
