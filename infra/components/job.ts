import * as pulumi from "@pulumi/pulumi";
import type { JobModel } from "../model/stack-model.ts";
import type { JobOutputs } from "../outputs.ts";
import { CronJob } from "../resources/render/cron-job.ts";
import { environment, secretFiles } from "./env.ts";
import { groupLinks } from "./env-group.ts";
import { componentOptions, resourceOptions } from "./options.ts";
import { register } from "./register.ts";
import type { ServiceDependencies } from "./service.ts";
import { commandInputs, computeInputs } from "./source.ts";

/** Inputs of a job besides its model. */
export interface JobDependencies extends ServiceDependencies {
  readonly services: ReadonlyMap<string, pulumi.Resource>;
}

/** A job that runs as a Render cron job. */
export class Job extends pulumi.ComponentResource {
  readonly outputs: JobOutputs;

  constructor(model: JobModel, prerequisites: JobDependencies) {
    const { render } = prerequisites.platform;
    super("opspec:index:Job", model.key, {}, componentOptions(model, render));
    const { id, dashboardUrl } = registerCronJob(model, prerequisites, this);
    this.outputs = { id, dashboardUrl };
    this.registerOutputs(this.outputs);
  }
}

function registerCronJob(
  model: JobModel,
  { platform, sources, groups, services }: JobDependencies,
  parent: pulumi.Resource,
) {
  const like = services.get(model.like ?? "");
  return register(CronJob, model.key, {
    inputs: {
      ...computeInputs(model, platform),
      ...commandInputs(model.runtime, model.command),
      schedule: model.schedule.utcCron,
      env: environment(model.env, sources),
      secretFiles: model.secretFiles && secretFiles(model.secretFiles, sources),
      ...groupLinks(model.envGroups, groups),
    },
    options: {
      ...resourceOptions(model, parent),
      // The deploy of that service checks that the shared image has the command.
      ...(like && { dependsOn: [like] }),
    },
  });
}
