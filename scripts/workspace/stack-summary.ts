import { nextRuns, parseSchedule } from "@opspec/runtime/schedule";
import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import type {
  EnvGroupModel,
  KeyValueModel,
  PostgresModel,
  ProjectModel,
} from "../../infra/model/platform-model.ts";
import type {
  JobModel,
  InServiceJobModel,
  ScheduleModel,
  ServiceModel,
  StackModel,
} from "../../infra/model/stack-model.ts";

/** Renders one line per part of a stack, jobs with local and UTC times. */
export function renderStack(model: StackModel, outputs: OutputMap, now: Date): string {
  const urls = new Map(
    Object.entries((outputs["services"]?.value ?? {}) as Record<string, { url?: string }>),
  );
  const lines = [
    ...(model.project ? [`project ${renderProject(model.project)}`] : []),
    ...model.registries.map((it) => `registry ${it.key}: ${it.username} at ${it.registry}`),
    ...model.databases.map((it) => `database ${it.key}: ${renderDatabase(it)}`),
    ...model.keyValues.map((it) => `key-value store ${it.key}: ${renderKeyValue(it)}`),
    ...model.envGroups.map((it) => `env group ${it.key}: ${renderGroup(it, model)}`),
    ...model.services.map((it) => `service ${it.key}: ${renderService(it, urls.get(it.key))}`),
    ...model.staticSites.map(
      (it) => `static site ${it.key}: ${[it.name, addressOf(it, urls.get(it.key))].join(", ")}`,
    ),
    ...model.jobs.map((it) => `job ${it.key}: ${renderJob(it, model.timezone, now)}`),
    ...model.inServiceJobs.map((it) => `job ${it.key}: ${renderInServiceJob(it)}`),
    ...model.containers.map((it) => `container ${it.key}: on VM ${it.vm}, not deployed`),
    ...(model.edge?.domains ?? []).map((it) => `name ${it.host}: at Cloudflare, not deployed`),
  ];
  return lines.map((line) => `  ${line}`).join("\n");
}

function renderProject({ name, environment }: ProjectModel): string {
  const marks = [
    environment.name,
    ...(environment.protected ? ["protected"] : []),
    ...(environment.isolated ? ["isolated network"] : []),
  ];
  return `${name}: ${marks.join(", ")}`;
}

function renderDatabase({ name, plan, version, diskGb, replicas = [] }: PostgresModel): string {
  return [
    name,
    `Postgres ${version}`,
    plan,
    ...(diskGb === undefined ? [] : [`${diskGb} GB`]),
    ...(replicas.length === 0 ? [] : [`${replicas.length} replica(s)`]),
  ].join(", ");
}

function renderKeyValue({ name, plan, maxmemoryPolicy, persistenceMode }: KeyValueModel): string {
  return [name, plan, maxmemoryPolicy, persistenceMode].filter((it) => it !== undefined).join(", ");
}

function renderGroup({ key, name, env }: EnvGroupModel, model: StackModel): string {
  const members = [...model.services, ...model.staticSites, ...model.jobs].filter((it) =>
    it.envGroups?.includes(key),
  );
  const users = members.map((it) => it.key).join(", ");
  return `${name}, ${Object.keys(env).length} variable(s) for ${users || "nobody"}`;
}

function renderService(model: ServiceModel, outputs: { url?: string } | undefined): string {
  const { name, type, plan, instances, autoscale, disk } = model;
  const scale = autoscale
    ? [`${autoscale.min} to ${autoscale.max} instances`]
    : instances === undefined
      ? []
      : [`${instances} instance(s)`];
  const storage = disk
    ? [`disk ${disk.sizeGb} GB at ${disk.mountPath}${renderPersisted(disk.persist)}`]
    : [];
  const kind = type === "web" ? [] : [type];
  return [name, ...kind, plan, ...scale, ...storage, addressOf(model, outputs)].join(", ");
}

function renderPersisted(persist: readonly string[]): string {
  return persist.length === 0 ? "" : ` (${persist.join(", ")})`;
}

/** The public address: a custom domain, else Render's. Private services have none. */
function addressOf(
  { domains = [] }: Pick<ServiceModel, "domains">,
  outputs: { url?: string } | undefined,
): string {
  if (!outputs) return "not deployed";
  return domains.length > 0 ? domains.join(", ") : (outputs.url ?? "no public address");
}

function renderJob({ schedule, calls }: JobModel, zone: string, now: Date): string {
  const where = calls ? `, runs in ${calls}` : "";
  return `${schedule.text}${where}; next ${renderNextRun(schedule, zone, now)}`;
}

function renderInServiceJob({ owner, schedule }: InServiceJobModel): string {
  if (owner.kind === "vm") return `${schedule}, runs on VM ${owner.vm}, not deployed`;
  return `${schedule}, runs in ${owner.service}${owner.kind === "app" ? " by the app itself" : ""}`;
}

/** The next run in the stack's zone and in UTC. */
function renderNextRun({ pattern, timezone }: ScheduleModel, zone: string, now: Date): string {
  const [next] = nextRuns(parseSchedule({ cron: pattern }, timezone), now, 1);
  if (!next) return "never";
  const at = (timeZone: string): string =>
    next.toLocaleString("en-GB", { timeZone, dateStyle: "medium", timeStyle: "short" });
  return `${at(zone)} ${zone} = ${at("UTC")} UTC`;
}
