import type {
  EnvGroupModel,
  KeyValueModel,
  PostgresModel,
  RegistryModel,
  StaticSiteModel,
} from "../../infra/model/platform-model.ts";
import type { JobModel, ServiceModel } from "../../infra/model/stack-model.ts";
import { diff } from "../../infra/provider/kit/diff.ts";
import { observedInputs } from "../../infra/provider/kit/observed.ts";
import type { TreeObject } from "../../infra/provider/kit/property-tree.ts";
import { type Json, type JsonObject, memberAt } from "../../infra/provider/render/answer.ts";
import { type BodyFields, defined, inputsOf } from "../../infra/provider/render/body-fields.ts";
import { KEY_VALUE_FIELDS } from "../../infra/provider/render/key-value.ts";
import { POSTGRES_FIELDS } from "../../infra/provider/render/postgres.ts";
import {
  COMPUTE_FIELDS,
  registryCredentialOf,
  STATIC_FIELDS,
} from "../../infra/provider/render/service-fields.ts";
import { HEADERS, ROUTES, type RuleList } from "../../infra/provider/render/static-rules.ts";
import type { ResourceContract } from "../../infra/resources/contract.ts";
import { BackgroundWorker } from "../../infra/resources/render/background-worker.ts";
import { CronJob } from "../../infra/resources/render/cron-job.ts";
import { EnvGroup } from "../../infra/resources/render/env-group.ts";
import { KeyValue } from "../../infra/resources/render/key-value.ts";
import { Postgres } from "../../infra/resources/render/postgres.ts";
import { PrivateService } from "../../infra/resources/render/private-service.ts";
import { RegistryCredential } from "../../infra/resources/render/registry-credential.ts";
import { StaticSite } from "../../infra/resources/render/static-site.ts";
import { WebService } from "../../infra/resources/render/web-service.ts";
import { type Finding, finding } from "./finding.ts";
import type { ObservedService, ObservedStack } from "./observed.ts";

/**
 * Declared fields that have no finding of their own, compared as a refresh compares them.
 *
 * Each function names the inputs as the contract does, and leaves out those of other findings. A
 * test changes every declared field of every type and expects a failed finding.
 */
function settingsFinding(
  name: string,
  contract: ResourceContract,
  { declared, actual }: { declared: JsonObject; actual: JsonObject },
): Finding {
  const wanted = defined(declared) as TreeObject;
  const there = observedInputs(contract, defined(actual) as TreeObject, wanted);
  const wrong = new Set(diff(contract, there, wanted).map((it) => String(it.path[0])));
  return finding(
    `${name} has its other settings`,
    wrong.size === 0 ? undefined : `missing or different: ${[...wrong].join(", ")}. Run opspec up.`,
  );
}

const SERVICE_CONTRACTS: Readonly<Record<ServiceModel["type"], ResourceContract>> = {
  web: WebService,
  private: PrivateService,
  worker: BackgroundWorker,
};

/** The other settings of a service. */
export function serviceSettings(
  name: string,
  model: ServiceModel,
  { observed, stack }: { observed: ObservedService; stack: ObservedStack },
): Finding {
  const declared = {
    ...placeOf(model),
    ...buildOf(model, stack),
    ...pushOf(model),
    preDeployCommand: model.preDeployCommand,
    maxShutdownDelaySeconds: model.shutdownSeconds,
    ...(model.type === "web" && {
      healthCheckPath: model.healthCheckPath,
      ipAllowList: model.allowList as Json | undefined,
    }),
  };
  return settingsFinding(name, SERVICE_CONTRACTS[model.type], {
    declared,
    actual: bodyOf(COMPUTE_FIELDS, observed),
  });
}

/** The other settings of a cron job. */
export function jobSettings(
  name: string,
  model: JobModel,
  { observed, stack }: { observed: ObservedService; stack: ObservedStack },
): Finding {
  return settingsFinding(name, CronJob, {
    declared: { ...placeOf(model), ...buildOf(model, stack) },
    actual: bodyOf(COMPUTE_FIELDS, observed),
  });
}

/** The other settings of a static site, with its headers and routes. */
export function siteSettings(
  name: string,
  model: StaticSiteModel,
  observed: ObservedService,
): Finding {
  const { headers, routes } = model;
  return settingsFinding(name, StaticSite, {
    declared: {
      name: model.name,
      ownerId: model.ownerId,
      ...pushOf(model),
      ...rootOf(model),
      headers,
      routes,
    },
    actual: {
      ...bodyOf(STATIC_FIELDS, observed),
      headers: rulesOf(HEADERS, observed.headers),
      routes: rulesOf(ROUTES, observed.routes),
    },
  });
}

/** The other settings of a database. */
export function databaseSettings(name: string, model: PostgresModel, found: Json): Finding {
  const { databaseUser, autoscaleDisk, allowList } = model;
  return settingsFinding(name, Postgres, {
    declared: {
      ...placeOf(model),
      databaseName: model.databaseName,
      databaseUser,
      diskAutoscaling: autoscaleDisk,
      ipAllowList: allowList as Json | undefined,
    },
    actual: inputsOf(POSTGRES_FIELDS, found),
  });
}

/** The other settings of a key value. */
export function keyValueSettings(name: string, model: KeyValueModel, found: Json): Finding {
  return settingsFinding(name, KeyValue, {
    declared: { ...placeOf(model), ipAllowList: model.allowList as Json | undefined },
    actual: inputsOf(KEY_VALUE_FIELDS, found),
  });
}

/** The other settings of an env group. */
export function groupSettings(name: string, model: EnvGroupModel, group: Json): Finding {
  return settingsFinding(name, EnvGroup, named(model, group));
}

/** The other settings of a registry credential, whose workspace Render does not return. */
export function registrySettings(name: string, model: RegistryModel, found: Json): Finding {
  return settingsFinding(name, RegistryCredential, named(model, found));
}

function named({ name }: { readonly name: string }, found: Json) {
  return { declared: { name }, actual: { name: memberAt(found, ["name"]) } };
}

function placeOf({ name, ownerId, region }: Pick<JobModel, "name" | "ownerId" | "region">) {
  return { name, ownerId, region };
}

function buildOf(
  model: Pick<JobModel, "source" | "dockerfilePath" | "dockerContext">,
  { registries }: ObservedStack,
): JsonObject {
  const { source, dockerfilePath, dockerContext } = model;
  const registry = source.kind === "image" ? source.registry : undefined;
  return {
    ...rootOf(model),
    dockerfilePath,
    dockerContext,
    ...(registry !== undefined && {
      registryCredentialId: memberAt(registries[registry], ["id"]) ?? null,
    }),
  };
}

function rootOf({ source }: Pick<JobModel, "source">): JsonObject {
  return source.kind === "repo" ? { rootDir: source.rootDir } : {};
}

function pushOf(
  model: Pick<ServiceModel, "autoDeploy" | "autoDeployTrigger" | "buildFilter" | "previews">,
): JsonObject {
  const { autoDeploy, autoDeployTrigger, buildFilter, previews } = model;
  return {
    autoDeploy,
    autoDeployTrigger,
    buildFilter: buildFilter && { ...buildFilter },
    previews,
  };
}

function bodyOf(fields: BodyFields, { service }: ObservedService): JsonObject {
  return { ...inputsOf(fields, service), registryCredentialId: registryCredentialOf(service) };
}

function rulesOf({ members }: RuleList, rules: readonly Json[]): readonly Json[] {
  return rules.map((rule) =>
    Object.fromEntries(members.map((it) => [it, memberAt(rule, [it]) ?? null])),
  );
}
