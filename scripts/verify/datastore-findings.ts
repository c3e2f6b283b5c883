import type { KeyValueModel, PostgresModel } from "../../infra/model/platform-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import type { Deployment } from "./deployment.ts";
import { type Finding, finding } from "./finding.ts";
import { differs } from "./process-problems.ts";
import { databaseSettings, keyValueSettings } from "./settings-finding.ts";

/** The findings of a database. */
export function databaseFindings(model: PostgresModel, { observed }: Deployment): Finding[] {
  const name = `database ${model.key}`;
  const found = observed.databases[model.key]?.datastore;
  if (found === undefined)
    return [finding(`${name} is available`, "it does not exist. Run opspec up.")];
  const at = (key: string): Json | undefined => memberAt(found, [key]);
  return [
    ...commonFindings(name, model, found),
    finding(`${name} is version ${model.version}`, differs(at("version"), model.version, UPGRADE)),
    ...(model.diskGb === undefined
      ? []
      : [finding(`${name} has ${model.diskGb} GB`, diskProblem(model, at("diskSizeGB")))]),
    ...(model.highAvailability === undefined
      ? []
      : [
          finding(
            `${name} ${model.highAvailability ? "has" : "has no"} standby`,
            differs(at("highAvailabilityEnabled"), model.highAvailability),
          ),
        ]),
    ...(model.replicas
      ? [finding(`${name} has its replicas`, replicasProblem(model.replicas, at("readReplicas")))]
      : []),
    databaseSettings(name, model, found),
  ];
}

/** The findings of a key value. */
export function keyValueFindings(model: KeyValueModel, { observed }: Deployment): Finding[] {
  const name = `key-value store ${model.key}`;
  const found = observed.keyValues[model.key]?.datastore;
  if (found === undefined)
    return [finding(`${name} is available`, "it does not exist. Run opspec up.")];
  const { maxmemoryPolicy, persistenceMode } = model;
  const option = (key: string): Json | undefined => memberAt(found, ["options", key]);
  return [
    ...commonFindings(name, model, found),
    ...(maxmemoryPolicy === undefined
      ? []
      : [
          finding(
            `${name} evicts by ${maxmemoryPolicy}`,
            differs(option("maxmemoryPolicy"), maxmemoryPolicy),
          ),
        ]),
    ...(persistenceMode === undefined
      ? []
      : [
          finding(
            `${name} persists by ${persistenceMode}`,
            differs(option("persistenceMode"), persistenceMode),
          ),
        ]),
    keyValueSettings(name, model, found),
  ];
}

/** `up` cannot change the version, because that would replace the database. */
const UPGRADE = "Upgrade it in Render's dashboard.";

function commonFindings(name: string, { plan }: { plan: string }, found: Json): Finding[] {
  const status = memberAt(found, ["status"]);
  return [
    finding(
      `${name} is available`,
      status === "available"
        ? undefined
        : `its status is ${String(status)}. Check it in Render's dashboard.`,
    ),
    finding(`${name} has plan ${plan}`, differs(memberAt(found, ["plan"]), plan)),
  ];
}

/** A disk with autoscaling may be larger. */
function diskProblem(
  { diskGb = 0, autoscaleDisk = false }: PostgresModel,
  actual: Json | undefined,
): string | undefined {
  if (autoscaleDisk && typeof actual === "number" && actual >= diskGb) return undefined;
  return differs(actual, diskGb);
}

function replicasProblem(wanted: readonly string[], actual: Json | undefined): string | undefined {
  const names = Array.isArray(actual)
    ? (actual as readonly Json[]).map((it) => memberAt(it, ["name"]))
    : [];
  const missing = wanted.filter((it) => !names.includes(it));
  const more = names.filter((it) => !wanted.some((own) => own === it));
  const problems = [
    ...(missing.length > 0 ? [`missing: ${missing.join(", ")}`] : []),
    ...(more.length > 0 ? [`not declared: ${more.join(", ")}`] : []),
  ];
  return problems.length === 0 ? undefined : `${problems.join("; ")}. Run opspec up.`;
}
