import * as pulumi from "@pulumi/pulumi";
import type { StaticSiteModel } from "../model/platform-model.ts";
import type { ServiceOutputs } from "../outputs.ts";
import { StaticSite } from "../resources/render/static-site.ts";
import { environment } from "./env.ts";
import { groupLinks } from "./env-group.ts";
import { componentOptions, resourceOptions } from "./options.ts";
import { register } from "./register.ts";
import type { Addresses, ServiceDependencies } from "./service.ts";
import { buildFilterInput, sourceInputs } from "./source.ts";

/** A static site of the stack. */
export class Site extends pulumi.ComponentResource {
  readonly outputs: ServiceOutputs;
  readonly addresses: Addresses;

  constructor(model: StaticSiteModel, prerequisites: ServiceDependencies) {
    const { render } = prerequisites.platform;
    super("opspec:index:Site", model.key, {}, componentOptions(model, render));
    const { id, url, dashboardUrl } = registerSite(model, prerequisites, this);
    this.addresses = { url };
    this.outputs = { id, url, dashboardUrl };
    this.registerOutputs(this.outputs);
  }
}

function registerSite(
  model: StaticSiteModel,
  { platform, sources, groups }: ServiceDependencies,
  parent: pulumi.Resource,
) {
  return register(StaticSite, model.key, {
    inputs: {
      name: model.name,
      adopt: model.pulumi?.adopt,
      ownerId: model.ownerId,
      environmentId: platform.environmentId,
      ...sourceInputs(model.source, platform),
      buildCommand: model.buildCommand,
      publishPath: model.publishPath,
      autoDeploy: model.autoDeploy,
      autoDeployTrigger: model.autoDeployTrigger,
      buildFilter: buildFilterInput(model.buildFilter),
      previews: model.previews,
      env: environment(model.env, sources),
      ...groupLinks(model.envGroups, groups),
      domains: model.domains && [...model.domains],
      headers: model.headers && [...model.headers],
      routes: model.routes && [...model.routes],
    },
    options: resourceOptions(model, parent),
  });
}
