import { parseUrn } from "../../infra/resources/urn.ts";
import { MANIFEST_FILE } from "@opspec/runtime/contract";
import type { StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { type ResourceContract, rulesOf } from "../../infra/resources/contract.ts";
import { GeneratedSecret } from "../../infra/resources/opspec/generated-secret.ts";
import { BackgroundWorker } from "../../infra/resources/render/background-worker.ts";
import { CronJob } from "../../infra/resources/render/cron-job.ts";
import { EnvGroup } from "../../infra/resources/render/env-group.ts";
import { Environment } from "../../infra/resources/render/environment.ts";
import { KeyValue } from "../../infra/resources/render/key-value.ts";
import { Postgres } from "../../infra/resources/render/postgres.ts";
import { PrivateService } from "../../infra/resources/render/private-service.ts";
import { Project } from "../../infra/resources/render/project.ts";
import { RegistryCredential } from "../../infra/resources/render/registry-credential.ts";
import { ServiceEnv } from "../../infra/resources/render/service-env.ts";
import { StaticSite } from "../../infra/resources/render/static-site.ts";
import { WebService } from "../../infra/resources/render/web-service.ts";
import { manifestChanges, manifestFrom } from "./manifest-change.ts";
import { removedItems } from "./removals.ts";
import type { Step } from "./step.ts";

/** Our resource types by token. */
const CONTRACTS: ReadonlyMap<string, ResourceContract> = new Map(
  [
    BackgroundWorker,
    CronJob,
    EnvGroup,
    Environment,
    GeneratedSecret,
    KeyValue,
    Postgres,
    PrivateService,
    Project,
    RegistryCredential,
    ServiceEnv,
    StaticSite,
    WebService,
  ].map((it: ResourceContract) => [it.token, it]),
);

/** Names of the env groups that change, by their ids. */
export type ChangedGroups = ReadonlyMap<string, string>;

/** The changed env groups of an operation. */
export function changedGroups(changes: readonly StepEventMetadata[]): ChangedGroups {
  const groups = changes.filter((it) => it.type === EnvGroup.token && it.op === "update");
  return new Map(groups.map((it) => [it.old?.id ?? "", parseUrn(it.urn).name]));
}

/** The effect of a step and its reason: `restarts web: manifest changed (job digest-weekdays)`. */
export function stepWords(
  step: Step,
  metadata: Pick<StepEventMetadata, "old" | "new">,
  groups: ChangedGroups,
): string[] {
  const { op, name } = step;
  if (op === "replace") return replaceReasons(step).map((reason) => `replaces ${name}: ${reason}`);
  if (op !== "update") return [];
  const parts = manifestParts(metadata);
  const verb = step.type === CronJob.token ? "deploys" : "restarts";
  const linked = step.fields.includes("groupHashes") ? linkedGroups(metadata, groups) : [];
  const why = unfinishedReason(metadata);
  const removed = removedItems(metadata.old, metadata.new);
  return [
    ...(why === undefined ? [] : [`completes ${name}: ${why}`]),
    ...(removed.length > 0 ? [`remove ${removed.join(", ")}`] : []),
    ...(parts.length > 0 ? [`${verb} ${name}: manifest changed (${parts.join(", ")})`] : []),
    ...linked.map((group) => `deploys ${name}: env group ${group} changed`),
  ];
}

/** Why the last operation on the resource did not complete. */
function unfinishedReason({ old }: Pick<StepEventMetadata, "old">): string | undefined {
  const why: unknown = old?.outputs?.["opspecUnfinished"]?.why;
  return typeof why === "string" ? why : undefined;
}

/** The reasons why the vendor cannot change these fields in place, without repetition. */
function replaceReasons({ type, replaces }: Step): string[] {
  const shape = CONTRACTS.get(type)?.inputs.shape ?? {};
  const reasons = replaces.flatMap((path) => {
    const schema = shape[FIRST_NAME.exec(path)?.[0] ?? ""];
    return (schema && rulesOf(schema).replaces) ?? [];
  });
  return [...new Set(reasons)];
}

/** The input at the start of a path such as `disk.sizeGb` or `env["A.B"]`. */
const FIRST_NAME = /^[^.[]+/;

/** Empty when there was or is no manifest, or when all of it is secret. */
function manifestParts({ old, new: now }: Pick<StepEventMetadata, "old" | "new">): string[] {
  const before = manifestFrom(old?.inputs["secretFiles"]?.[MANIFEST_FILE]);
  const after = manifestFrom(now?.inputs["secretFiles"]?.[MANIFEST_FILE]);
  return before && after ? manifestChanges(before, after) : [];
}

function linkedGroups(
  { new: now }: Pick<StepEventMetadata, "new">,
  groups: ChangedGroups,
): string[] {
  const ids: unknown = now?.inputs["envGroups"];
  return Array.isArray(ids) ? ids.flatMap((id) => groups.get(String(id)) ?? []) : [];
}
