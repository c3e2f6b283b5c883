import * as pulumi from "@pulumi/pulumi";
import type { DiskModel, ServiceModel } from "../model/stack-model.ts";
import type { ServiceOutputs } from "../outputs.ts";
import { BackgroundWorker } from "../resources/render/background-worker.ts";
import { PrivateService } from "../resources/render/private-service.ts";
import { WebService } from "../resources/render/web-service.ts";
import { type EnvSources, environment, secretFiles } from "./env.ts";
import { groupLinks, type SharedEnv } from "./env-group.ts";
import { componentOptions, resourceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { register } from "./register.ts";
import { buildFilterInput, commandInputs, computeInputs } from "./source.ts";

/** Inputs of a service besides its model. */
export interface ServiceDependencies {
  readonly platform: Platform;
  readonly sources: EnvSources;
  readonly groups: ReadonlyMap<string, SharedEnv>;
}

/** A service of the stack: one Render service with its environment, files, disk, domains and scale. */
export class Service extends pulumi.ComponentResource {
  readonly outputs: ServiceOutputs;
  readonly addresses: Addresses;

  constructor(model: ServiceModel, prerequisites: ServiceDependencies) {
    const { render } = prerequisites.platform;
    super("opspec:index:Service", model.key, {}, componentOptions(model, render));
    const { id, dashboardUrl, addresses } = REGISTER[model.type](model, prerequisites, this);
    this.addresses = addresses;
    this.outputs = { id, dashboardUrl, ...(addresses.url && { url: addresses.url }) };
    this.registerOutputs(this.outputs);
  }
}

/** The referable properties of a service; its type decides which ones exist. */
export interface Addresses {
  readonly url?: pulumi.Output<string>;
  readonly privateUrl?: pulumi.Output<string>;
}

interface RegisteredService {
  readonly id: pulumi.Output<string>;
  readonly dashboardUrl: pulumi.Output<string>;
  readonly addresses: Addresses;
}

type RegisterService = (
  model: ServiceModel,
  prerequisites: ServiceDependencies,
  parent: pulumi.Resource,
) => RegisteredService;

/** Render's service type for each type of the spec. */
const REGISTER: Readonly<Record<ServiceModel["type"], RegisterService>> = {
  web: (model, prerequisites, parent) => {
    const { id, dashboardUrl, url, privateUrl } = register(WebService, model.key, {
      inputs: {
        ...runningInputs(model, prerequisites),
        healthCheckPath: model.healthCheckPath,
        domains: model.domains && [...model.domains],
        ipAllowList: model.allowList && [...model.allowList],
      },
      options: resourceOptions(model, parent),
    });
    return { id, dashboardUrl, addresses: { url, privateUrl } };
  },
  private: (model, prerequisites, parent) => {
    const { id, dashboardUrl, privateUrl } = register(PrivateService, model.key, {
      inputs: runningInputs(model, prerequisites),
      options: resourceOptions(model, parent),
    });
    return { id, dashboardUrl, addresses: { privateUrl } };
  },
  worker: (model, prerequisites, parent) => {
    const { id, dashboardUrl } = register(BackgroundWorker, model.key, {
      inputs: runningInputs(model, prerequisites),
      options: resourceOptions(model, parent),
    });
    return { id, dashboardUrl, addresses: {} };
  },
};

function runningInputs(model: ServiceModel, { platform, sources, groups }: ServiceDependencies) {
  return {
    ...computeInputs(model, platform),
    ...commandInputs(model.runtime, model.startCommand),
    preDeployCommand: model.preDeployCommand,
    autoDeploy: model.autoDeploy,
    autoDeployTrigger: model.autoDeployTrigger,
    buildFilter: buildFilterInput(model.buildFilter),
    previews: model.previews,
    numInstances: model.instances,
    autoscaling: model.autoscale && { ...model.autoscale },
    maxShutdownDelaySeconds: model.shutdownSeconds,
    disk: model.disk && diskInput(model.disk),
    allowDataLoss: model.allowDataLoss,
    env: environment(model.env, sources),
    secretFiles: secretFiles(model.secretFiles, sources),
    ...groupLinks(model.envGroups, groups),
  };
}

function diskInput({ name, mountPath, sizeGb }: DiskModel) {
  return { name, mountPath, sizeGb };
}
