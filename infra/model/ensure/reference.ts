import { nearest, type Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { variablesOf } from "../variables.ts";

/** Collections of a spec that things refer to by key, with the noun of one of them. */
const NOUNS = {
  secrets: "secret",
  services: "service",
  databases: "database",
  keyValues: "Key Value store",
  envGroups: "env group",
  registries: "registry",
  jobs: "job",
  vms: "VM",
} as const;

interface Use {
  readonly path: string;
  readonly collection: keyof typeof NOUNS;
  readonly key: string | undefined;
}

/** Every key that is referred to exists. */
export function ensureReferences(spec: PartialStackSpec): Problem[] {
  const uses = [
    ...envUses(spec),
    ...serviceUses(spec),
    ...jobUses(spec),
    ...checkUses(spec),
    ...otherUses(spec),
  ];
  return uses.flatMap((use) => dangling(spec, use));
}

function envUses(spec: PartialStackSpec): Use[] {
  return variablesOf(spec).flatMap(({ path, parts }): Use[] => [
    { path: `${path}/secret`, collection: "secrets", key: parts.secret },
    { path: `${path}/url`, collection: "services", key: parts.url },
    { path: `${path}/privateUrl`, collection: "services", key: parts.privateUrl },
    { path: `${path}/database`, collection: "databases", key: parts.database },
    { path: `${path}/keyValue`, collection: "keyValues", key: parts.keyValue },
  ]);
}

function serviceUses(spec: PartialStackSpec): Use[] {
  return entriesOf(spec.services).flatMap(([key, service]): Use[] => {
    const { source } = service;
    const registry = source && "registry" in source ? source.registry : undefined;
    return [
      { path: `services/${key}/source/registry`, collection: "registries", key: registry },
      { path: `services/${key}/vm`, collection: "vms", key: service.vm },
      ...groupUses(`services/${key}`, service.envGroups),
      ...fileUses(`services/${key}`, service.secretFiles),
    ];
  });
}

function jobUses(spec: PartialStackSpec): Use[] {
  return entriesOf(spec.jobs).flatMap(([key, job]): Use[] => {
    const path = `jobs/${key}`;
    return [
      { path: `${path}/in`, collection: "services", key: job.in },
      { path: `${path}/calls`, collection: "services", key: job.calls },
      { path: `${path}/of`, collection: "services", key: job.of },
      { path: `${path}/like`, collection: "services", key: job.like },
      { path: `${path}/vm`, collection: "vms", key: job.vm },
      { path: `${path}/lock/database`, collection: "databases", key: job.lock?.database },
      { path: `${path}/lock/keyValue`, collection: "keyValues", key: job.lock?.keyValue },
      ...groupUses(path, job.envGroups),
    ];
  });
}

function checkUses(spec: PartialStackSpec): Use[] {
  return (spec.verify ?? []).flatMap((check, index): Use[] => {
    if (!check) return [];
    const http = "http" in check ? check.http : undefined;
    const job = "job" in check ? check.job : undefined;
    return [
      { path: `verify/${index}/http`, collection: "services", key: http },
      { path: `verify/${index}/job`, collection: "jobs", key: job },
    ];
  });
}

function otherUses(spec: PartialStackSpec): Use[] {
  return [
    ...entriesOf(spec.envGroups).flatMap(([key, group]) =>
      fileUses(`envGroups/${key}`, group.secretFiles),
    ),
    ...entriesOf(spec.registries).map(([key, { token }]): Use => {
      return { path: `registries/${key}/token/secret`, collection: "secrets", key: token?.secret };
    }),
    ...entriesOf(spec.vms).map(([key, vm]): Use => {
      return { path: `vms/${key}/key/secret`, collection: "secrets", key: vm.key?.secret };
    }),
    ...entriesOf(spec.edge?.domains).flatMap(([key, { to }]): Use[] => {
      const path = `edge/domains/${key}/to`;
      return [
        { path: `${path}/vm`, collection: "vms", key: to && "vm" in to ? to.vm : undefined },
        {
          path: `${path}/service`,
          collection: "services",
          key: to && "service" in to ? to.service : undefined,
        },
      ];
    }),
    ...ruleUses(spec),
  ];
}

function ruleUses(spec: PartialStackSpec): Use[] {
  const listed = [
    ...(spec.envRules ?? []).map((rule, index) => ({ path: `envRules/${index}`, rule })),
    ...entriesOf(spec.overlays).map(([key, rule]) => ({ path: `overlays/${key}`, rule })),
  ];
  return listed.flatMap(({ path, rule }) =>
    (rule?.services ?? []).map((key, index): Use => {
      return { path: `${path}/services/${index}`, collection: "services", key };
    }),
  );
}

function groupUses(path: string, groups: readonly (string | undefined)[] | undefined): Use[] {
  return (groups ?? []).map((key, index) => ({
    path: `${path}/envGroups/${index}`,
    collection: "envGroups",
    key,
  }));
}

function fileUses(
  path: string,
  files: Readonly<Record<string, { secret?: string | undefined } | object | undefined>> | undefined,
): Use[] {
  return entriesOf(files).map(([name, file]) => ({
    path: `${path}/secretFiles/${name}/secret`,
    collection: "secrets",
    key: "secret" in file ? file.secret : undefined,
  }));
}

function dangling(spec: PartialStackSpec, { path, collection, key }: Use): Problem[] {
  const known = spec[collection] ?? {};
  if (key === undefined || Object.hasOwn(known, key)) return [];
  const near = nearest(key, Object.keys(known));
  const message = `there is no ${NOUNS[collection]} "${key}".`;
  const remedy =
    near === undefined
      ? `Declare it under ${collection}, or correct the name.`
      : `Did you mean "${near}"?`;
  return [{ path, message, remedy }];
}
