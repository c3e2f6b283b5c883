import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import type { Cloud } from "../cloud.ts";
import { diskOf } from "../render/disks.ts";
import type { DeployRecord } from "../render/deploy-states.ts";
import { keyValueConnection } from "../render/key-values.ts";
import { postgresConnection } from "../render/postgres.ts";
import type { SecretFile, ServiceRecord } from "../render/records.ts";
import { SERVICE_PORT, serviceType } from "../render/service-types.ts";
import {
  addressReplacements,
  pathReplacement,
  type Replacement,
  textReplacement,
} from "./local-text.ts";
import {
  copyCode,
  type Release,
  releaseOf,
  type ReleaseParts,
  secretsDirectory,
  writeSecretFiles,
} from "./release.ts";
import { IMAGE_DIRECTORY, runFolder, type RunOptions, runtimeFolder } from "./run-source.ts";

/** Where Render puts secret files. @see https://render.com/docs/configure-environment-variables#secret-files */
const SECRETS_DIRECTORY = "/etc/secrets";

/** What stands around everything that runs. */
export interface Around {
  readonly cloud: Cloud;
  readonly options: RunOptions;
  /** The port of each service that runs and has one. */
  readonly portOf: (serviceId: string) => number | undefined;
}

/** The directory of a service. */
export function homeOf({ directory }: RunOptions, serviceId: string): string {
  return join(directory, "services", serviceId);
}

/** The directory that stands for a disk; it lives as long as the disk. */
export function diskDirectory({ directory }: RunOptions, diskId: string): string {
  return join(directory, "disks", diskId);
}

/** Copies the code of a deploy, writes its files, and tells what is to be built and started. */
export function prepareRelease(
  around: Around,
  service: ServiceRecord,
  deploy: DeployRecord,
): Release {
  const { cloud, options } = around;
  const folder = runFolder(service, options);
  if (folder === undefined) throw new Error(`unreachable: ${service.name} has no folder`);
  const home = homeOf(options, service.id);
  const disk = diskOf(cloud, service.id);
  const secrets = secretsDirectory(home, deploy.id);
  const places = [
    pathReplacement(SECRETS_DIRECTORY, secrets),
    ...(disk ? [pathReplacement(disk.mountPath, diskDirectory(options, disk.id))] : []),
    ...runtimeReplacements(options, service, folder),
  ];
  const replacements = [...places, ...addresses(around), ...storeReplacements(around)];
  const parts: ReleaseParts = {
    service,
    deployId: deploy.id,
    folder,
    home,
    hasDisk: disk !== undefined,
    replacements,
    env: environmentOf(around, service, deploy),
  };
  if (disk) mkdirSync(diskDirectory(options, disk.id), { recursive: true });
  for (const name of ["home", "tmp"]) mkdirSync(join(home, name), { recursive: true });
  copyCode(parts);
  writeSecretFiles(secrets, secretFilesOf(cloud, service), replacements);
  return releaseOf(parts);
}

/** The runtime is at its place in an image, and in what a Dockerfile makes of it. */
function runtimeReplacements(
  options: RunOptions,
  { source, details: { build } }: ServiceRecord,
  folder: string,
): Replacement[] {
  if ("imagePath" in source) return [pathReplacement(IMAGE_DIRECTORY, folder)];
  const runtime = runtimeFolder(options);
  const isDocker = build !== undefined && "dockerCommand" in build;
  return isDocker && runtime !== undefined ? [pathReplacement(IMAGE_DIRECTORY, runtime)] : [];
}

function addresses({ cloud, portOf }: Around): Replacement[] {
  return Object.values(cloud.state.services).flatMap(({ id, slug, envVars }) => {
    const port = portOf(id);
    if (port === undefined) return [];
    const said = Number(envVars.find(({ key }) => key === "PORT")?.value ?? SERVICE_PORT);
    return addressReplacements(slug, port, said);
  });
}

/** A real store stands behind the addresses of one that is only recorded. */
function storeReplacements({ cloud: { state }, options: { stores = {} } }: Around): Replacement[] {
  const connections = [
    ...Object.values(state.postgres).map((it) => [it.name, postgresConnection(it)] as const),
    ...Object.values(state.keyValues).map((it) => [it.name, keyValueConnection(it)] as const),
  ];
  return connections.flatMap(([name, { internalConnectionString, externalConnectionString }]) => {
    const url = Object.hasOwn(stores, name) ? stores[name] : undefined;
    if (url === undefined) return [];
    return [internalConnectionString, externalConnectionString].map((it) =>
      textReplacement(it, url),
    );
  });
}

/** A service's own files win over those of its groups, as its variables do. */
function secretFilesOf(cloud: Cloud, { id, secretFiles }: ServiceRecord): SecretFile[] {
  return [...groupsOf(cloud, id).flatMap((it) => it.secretFiles), ...secretFiles];
}

function groupsOf({ state }: Cloud, serviceId: string) {
  return Object.values(state.envGroups).filter((it) => it.serviceIds.includes(serviceId));
}

/**
 * What a process of the service finds in its environment, but for PORT, which is its instance's own.
 *
 * Nothing of this machine's environment but PATH: a secret of whoever runs the cloud must not reach
 * a service by accident.
 */
function environmentOf(
  around: Around,
  service: ServiceRecord,
  deploy: DeployRecord,
): Readonly<Record<string, string>> {
  const home = homeOf(around.options, service.id);
  const groups = groupsOf(around.cloud, service.id).flatMap((it) => it.envVars);
  const own = [...groups, ...service.envVars].map(({ key, value }) => [key, value] as const);
  return {
    // The Node that runs this comes first: a machine may have an older one, or none.
    PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
    LANG: "C.UTF-8",
    TZ: "UTC",
    // Kept from build to build, as Render keeps the caches of package managers.
    HOME: join(home, "home"),
    TMPDIR: join(home, "tmp"),
    ...renderVariables(around, service, deploy),
    ...Object.fromEntries(own),
  };
}

/** @see https://render.com/docs/environment-variables */
function renderVariables(
  { portOf }: Around,
  { id, name, type, source }: ServiceRecord,
  { commit }: DeployRecord,
): Record<string, string> {
  const port = portOf(id);
  const isPublic = type === "web_service" && port !== undefined;
  return {
    RENDER: "true",
    IS_PULL_REQUEST: "false",
    RENDER_SERVICE_ID: id,
    RENDER_SERVICE_NAME: name,
    RENDER_SERVICE_TYPE: serviceType(type).short,
    ...(commit && { RENDER_GIT_COMMIT: commit.id }),
    ...("branch" in source && { RENDER_GIT_BRANCH: source.branch }),
    ...(isPublic && {
      RENDER_EXTERNAL_URL: `http://127.0.0.1:${port}`,
      RENDER_EXTERNAL_HOSTNAME: "127.0.0.1",
    }),
  };
}
