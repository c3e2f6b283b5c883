import * as pulumi from "@pulumi/pulumi";
import type {
  DiskModel,
  SecretFileModel,
  ServiceModel,
  SourceModel,
} from "../model/stack-model.ts";
import type { ServiceOutputs } from "../outputs.ts";
import { WebService } from "../resources/render/web-service.ts";
import { type EnvSources, environment } from "./env.ts";
import { register, type Registered } from "./register.ts";

/** A service of the stack, as one Render service with its environment, files and disk. */
export class Service extends pulumi.ComponentResource {
  readonly resource: Registered<typeof WebService>;
  readonly outputs: ServiceOutputs;

  constructor(model: ServiceModel, sources: EnvSources, options: pulumi.ComponentResourceOptions) {
    super("opspec:index:Service", model.key, {}, options);
    this.resource = registerService(model, sources, this);
    this.outputs = {
      id: this.resource.id,
      url: this.resource.url,
      dashboardUrl: this.resource.dashboardUrl,
    };
    this.registerOutputs(this.outputs);
  }
}

function registerService(model: ServiceModel, sources: EnvSources, parent: pulumi.Resource) {
  return register(WebService, model.key, {
    inputs: {
      name: model.name,
      ownerId: model.ownerId,
      region: model.region,
      plan: model.plan,
      runtime: model.runtime,
      ...sourceInputs(model.source),
      buildCommand: model.buildCommand,
      startCommand: model.startCommand,
      healthCheckPath: model.healthCheckPath,
      autoDeploy: model.autoDeploy,
      disk: model.disk && diskInput(model.disk),
      env: environment(model.env, sources),
      secretFiles: secretFileInputs(model.secretFiles),
    },
    options: { parent },
  });
}

function sourceInputs(source: SourceModel) {
  return source.kind === "repo"
    ? { repo: source.repo, branch: source.branch }
    : { image: source.image };
}

function diskInput({ name, mountPath, sizeGb }: DiskModel) {
  return { name, mountPath, sizeGb };
}

function secretFileInputs(files: readonly SecretFileModel[]) {
  return Object.fromEntries(files.map(({ name, content }) => [name, content]));
}
