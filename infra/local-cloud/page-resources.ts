import type { Cloud } from "./cloud.ts";
import type { TableRow } from "./page-rows.ts";
import { datastoreView } from "./render/datastores.ts";
import { newestFirst } from "./render/requests.ts";

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
    domain.redirectForName === "" ? "" : `leads to ${domain.redirectForName}`,
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
