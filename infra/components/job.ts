import * as pulumi from "@pulumi/pulumi";
import type { JobModel } from "../model/stack-model.ts";
import type { JobOutputs } from "../outputs.ts";
import { CronJob } from "../resources/render/cron-job.ts";
import { type EnvSources, environment } from "./env.ts";
import { register, type Registered } from "./register.ts";

/** A job that a Render cron job starts. */
export class Job extends pulumi.ComponentResource {
  readonly resource: Registered<typeof CronJob>;
  readonly outputs: JobOutputs;

  constructor(model: JobModel, sources: EnvSources, options: pulumi.ComponentResourceOptions) {
    super("opspec:index:Job", model.key, {}, options);
    this.resource = registerCronJob(model, sources, this);
    this.outputs = { id: this.resource.id, dashboardUrl: this.resource.dashboardUrl };
    this.registerOutputs(this.outputs);
  }
}

function registerCronJob(model: JobModel, sources: EnvSources, parent: pulumi.Resource) {
  return register(CronJob, model.key, {
    inputs: {
      name: model.name,
      ownerId: model.ownerId,
      region: model.region,
      plan: model.plan,
      runtime: "image",
      image: model.source.kind === "image" ? model.source.image : undefined,
      dockerCommand: model.command,
      schedule: model.schedule.utcCron,
      env: environment(model.env, sources),
    },
    options: { parent },
  });
}
