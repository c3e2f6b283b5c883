import { nowMs } from "./clock.ts";
import type { Cloud } from "./cloud.ts";
import { nextRun } from "./render/cron-runs.ts";
import { datastoreView } from "./render/datastores.ts";
import { deployStates, type DeployStatus, isInProgress } from "./render/deploy-states.ts";
import { diskOf } from "./render/disks.ts";
import type { ServiceRecord } from "./render/records.ts";
import { newestFirst } from "./render/requests.ts";
import { serviceType } from "./render/service-types.ts";

/** The colour of a badge. */
type Tone = "good" | "busy" | "bad" | "calm";

interface Badge {
  readonly text: string;
  readonly tone: Tone;
}

/** The cells of one row: plain text, or a word with a colour. */
export type TableRow = readonly (string | Badge)[];

/** Services of every type except cron jobs, newest first. */
export function deploymentRows(cloud: Cloud): TableRow[] {
  return servicesWithDeploys(cloud)
    .filter(({ service }) => service.type !== "cron_job")
    .map(({ service, statuses }) => {
      const disk = diskOf(cloud, service.id);
      return [
        service.name,
        serviceType(service.type).short,
        service.details.plan ?? "",
        serviceStatus(service, statuses),
        cloud.runner?.address(service.id) ?? "",
        disk ? `${disk.sizeGB} GB at ${disk.mountPath}` : "",
        lastDeploy(statuses),
      ];
    });
}

/** Cron jobs, newest first. */
export function cronRows(cloud: Cloud): TableRow[] {
  return servicesWithDeploys(cloud)
    .filter(({ service }) => service.type === "cron_job")
    .map(({ service, statuses }) => {
      const { schedule = "" } = service.details;
      return [
        service.name,
        schedule,
        service.suspenders.length > 0 ? "" : nextRunText(schedule, nowMs(cloud.state)),
        serviceStatus(service, statuses),
        lastDeploy(statuses),
      ];
    });
}

/**
 * The deploy statuses of each service, oldest first. Grouped once, because there may be thousands.
 */
function servicesWithDeploys(cloud: Cloud) {
  const deploys = Map.groupBy(Object.values(cloud.state.deploys), ({ serviceId }) => serviceId);
  const at = nowMs(cloud.state);

  return newestFirst(cloud.state.services).map((service) => {
    const states = deployStates(deploys.get(service.id) ?? [], at);
    return { service, statuses: [...states.values()].map(({ status }) => status) };
  });
}

function serviceStatus({ suspenders }: ServiceRecord, statuses: readonly DeployStatus[]): Badge {
  if (suspenders.length > 0) return { text: "suspended", tone: "calm" };
  if (statuses.includes("live")) return { text: "live", tone: "good" };

  return statuses.some(isInProgress)
    ? { text: "starting", tone: "busy" }
    : { text: "never live", tone: "bad" };
}

function lastDeploy(statuses: readonly DeployStatus[]): Badge | string {
  const status = statuses.at(-1);
  if (!status) return "";

  const tone = status === "live" ? "good" : isInProgress(status) ? "busy" : "bad";
  return { text: status.replaceAll("_", " "), tone };
}

function nextRunText(schedule: string, atMs: number): string {
  return nextRun(schedule, atMs)?.toISOString().slice(0, 16).replace("T", " ") ?? "never";
}

/** Everything that is not a service: databases, stores, groups, domains, projects. Counts, never values. */
export function resourceRows(cloud: Cloud): TableRow[] {
  return [
    ...datastoreRows(cloud),
    ...groupRows(cloud),
    ...domainRows(cloud),
    ...workspaceRows(cloud),
  ];
}

function datastoreRows(cloud: Cloud): TableRow[] {
  const { postgres, keyValues } = cloud.state;
  const kinds = [
    { kind: "Postgres", records: newestFirst(postgres) },
    { kind: "Key Value", records: newestFirst(keyValues) },
  ];
  return kinds.flatMap(({ kind, records }) =>
    records.map((record) => {
      const { name, plan, status } = datastoreView(cloud, record);
      const tones = { available: "good", creating: "busy", suspended: "calm" } as const;
      return [name, kind, plan, { text: status, tone: tones[status] }];
    }),
  );
}

function groupRows(cloud: Cloud): TableRow[] {
  return newestFirst(cloud.state.envGroups).map(({ name, envVars, secretFiles, serviceIds }) => [
    name,
    "Environment group",
    `variables: ${envVars.length}, files: ${secretFiles.length}, services: ${serviceIds.length}`,
    "",
  ]);
}

function domainRows(cloud: Cloud): TableRow[] {
  return newestFirst(cloud.state.customDomains).map((domain) => [
    domain.name,
    "Custom domain",
    domain.redirectForName === "" ? "" : `redirects to ${domain.redirectForName}`,
    {
      text: domain.verificationStatus,
      tone: domain.verificationStatus === "verified" ? "good" : "busy",
    },
  ]);
}

function workspaceRows(cloud: Cloud): TableRow[] {
  const { environments, projects, registryCredentials } = cloud.state;
  return [
    ...newestFirst(environments).map(({ name, projectId, protectedStatus }) => [
      name,
      "Environment",
      `of ${projects[projectId]?.name ?? projectId}, ${protectedStatus}`,
      "",
    ]),
    ...newestFirst(registryCredentials).map(({ name, registry }) => [
      name,
      "Registry credential",
      registry,
      "",
    ]),
  ];
}
