import { nearest, type Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { runtimeReferences } from "../runtime-reference.ts";
import { variablesOf } from "../variables.ts";

/** Collections that references name by key, with their nouns. */
const NOUNS = {
  secrets: "secret",
  services: "service",
  databases: "database",
  keyValues: "Key Value store",
  envGroups: "env group",
  registries: "registry",
  jobs: "job",
  vms: "VM",
  toggles: "toggle",
  caches: "cache",
  channels: "alert channel",
} as const;

/** The collections to which the runtime's blocks refer. */
const COLLECTIONS = { database: "databases", keyValue: "keyValues", secret: "secrets" } as const;

interface Use {
  readonly path: string;
  readonly collection: keyof typeof NOUNS;
  readonly key: string | undefined;
}

/** Refuses references to keys that do not exist. */
export function validateReferences(spec: PartialStackSpec): Problem[] {
  const uses = [
    ...envUses(spec),
    ...serviceUses(spec),
    ...jobUses(spec),
    ...checkUses(spec),
    ...runtimeUses(spec),
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
      ...listUses(`services/${key}/envGroups`, "envGroups", service.envGroups),
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
      ...listUses(`${path}/envGroups`, "envGroups", job.envGroups),
    ];
  });
}

function checkUses(spec: PartialStackSpec): Use[] {
  return (spec.verify ?? []).flatMap((check, index): Use[] => {
    if (!check) return [];
    const http = "http" in check ? check.http : undefined;
    const job = "job" in check ? check.job : undefined;
    const channel = "channel" in check ? check.channel : undefined;
    return [
      { path: `verify/${index}/http`, collection: "services", key: http },
      { path: `verify/${index}/job`, collection: "jobs", key: job },
      { path: `verify/${index}/channel`, collection: "channels", key: channel },
    ];
  });
}

function runtimeUses(spec: PartialStackSpec): Use[] {
  return [
    ...runtimeReferences(spec).flatMap(({ path, kind, key }): Use[] =>
      kind === "env" ? [] : [{ path, collection: COLLECTIONS[kind], key }],
    ),
    ...entriesOf(spec.services).flatMap(([key, { toggles, caches, checks, stores }]): Use[] => [
      ...listUses(`services/${key}/toggles`, "toggles", toggles),
      ...listUses(`services/${key}/caches`, "caches", caches),
      ...entriesOf(checks).flatMap(([name, check]): Use[] => {
        const job = "job" in check ? check.job : undefined;
        return [{ path: `services/${key}/checks/${name}/job`, collection: "jobs", key: job }];
      }),
      ...Object.keys(stores?.history?.names ?? {}).map((job): Use => {
        return {
          path: `services/${key}/stores/history/names/${job}`,
          collection: "jobs",
          key: job,
        };
      }),
    ]),
    ...entriesOf(spec.jobs).flatMap(([key, { toggles }]) =>
      listUses(`jobs/${key}/toggles`, "toggles", toggles),
    ),
    ...entriesOf(spec.alerts?.rules).map(([key, rule]): Use => {
      return { path: `alerts/rules/${key}/in`, collection: "services", key: rule.in };
    }),
  ];
}

function listUses(
  path: string,
  collection: Use["collection"],
  keys: readonly (string | undefined)[] | undefined,
): Use[] {
  return (keys ?? []).map((key, index) => ({ path: `${path}/${index}`, collection, key }));
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
  const isChannel = collection === "channels";
  const known = (isChannel ? spec.alerts?.channels : spec[collection]) ?? {};
  if (key === undefined || Object.hasOwn(known, key)) return [];
  const near = nearest(key, Object.keys(known));
  const message = `there is no ${NOUNS[collection]} "${key}".`;
  const remedy =
    near === undefined
      ? `Declare it under ${isChannel ? "alerts/channels" : collection}, or correct the name.`
      : `Did you mean "${near}"?`;
  return [{ path, message, remedy }];
}
