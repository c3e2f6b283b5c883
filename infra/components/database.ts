import * as pulumi from "@pulumi/pulumi";
import type { PostgresModel } from "../model/platform-model.ts";
import type { DatabaseProperty } from "../model/value-model.ts";
import type { ResourceOutputs } from "../outputs.ts";
import { Postgres } from "../resources/render/postgres.ts";
import { componentOptions, resourceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { register } from "./register.ts";

/** A Postgres database of the stack. */
export class Database extends pulumi.ComponentResource {
  readonly outputs: ResourceOutputs;
  readonly addresses: Readonly<Record<DatabaseProperty, pulumi.Output<string>>>;

  constructor(model: PostgresModel, platform: Platform) {
    super("opspec:index:Database", model.key, {}, componentOptions(model, platform.render));
    const database = registerPostgres(model, platform, this);
    const { internalUrl, externalUrl, host, port, user, password } = database;
    this.addresses = {
      internalUrl,
      externalUrl,
      host,
      port,
      user,
      password,
      name: database.database,
    };
    this.outputs = { id: database.id, dashboardUrl: database.dashboardUrl };
    this.registerOutputs(this.outputs);
  }
}

function registerPostgres(model: PostgresModel, platform: Platform, parent: pulumi.Resource) {
  return register(Postgres, model.key, {
    inputs: {
      name: model.name,
      adopt: model.pulumi?.adopt,
      ownerId: model.ownerId,
      region: model.region,
      plan: model.plan,
      version: model.version,
      environmentId: platform.environmentId,
      databaseName: model.databaseName,
      databaseUser: model.databaseUser,
      diskSizeGb: model.diskGb,
      diskAutoscaling: model.autoscaleDisk,
      highAvailability: model.highAvailability,
      readReplicas: model.replicas && [...model.replicas],
      ipAllowList: model.allowList && [...model.allowList],
      allowDataLoss: model.allowDataLoss,
    },
    options: resourceOptions(model, parent),
  });
}
