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

/** The inputs of a service's environment. */
export interface CloudContext {
  readonly cloud: Cloud;
  readonly options: RunOptions;
  /** Port of a running service. */
  readonly portOf: (serviceId: string) => number | undefined;
}

/** The home directory of a service. */
export function homeOf({ directory }: RunOptions, serviceId: string): string {
  return join(directory, "services", serviceId);
}

/** The directory that replaces a disk; it exists as long as the disk. */
export function diskDirectory({ directory }: RunOptions, diskId: string): string {
  return join(directory, "disks", diskId);
}

/** Copies the code of a deploy, writes its files, and returns what to build and start. */
export function prepareRelease(
  cloudContext: CloudContext,
  service: ServiceRecord,
  deploy: DeployRecord,
): Release {
  const { cloud, options } = cloudContext;
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
  const replacements = [...places, ...addresses(cloudContext), ...storeReplacements(cloudContext)];
  const parts: ReleaseParts = {
    service,
    deployId: deploy.id,
    folder,
    home,
    hasDisk: disk !== undefined,
    replacements,
    env: environmentOf(cloudContext, service, deploy),
  };
  if (disk) mkdirSync(diskDirectory(options, disk.id), { recursive: true });
  for (const name of ["home", "tmp"]) mkdirSync(join(home, name), { recursive: true });
  copyCode(parts);
  writeSecretFiles(secrets, secretFilesOf(cloud, service), replacements);
  return releaseOf(parts);
}

/** The runtime's directory in images and in services built from a Dockerfile. */
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

function addresses({ cloud, portOf }: CloudContext): Replacement[] {
  return Object.values(cloud.state.services).flatMap(({ id, slug, envVars }) => {
    const port = portOf(id);
    if (port === undefined) return [];
    const said = Number(envVars.find(({ key }) => key === "PORT")?.value ?? SERVICE_PORT);
    return addressReplacements(slug, port, said);
  });
}

/** Replaces the addresses of a recorded store by those of a real one. */
function storeReplacements({
  cloud: { state },
  options: { stores = {} },
}: CloudContext): Replacement[] {
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

/** A service's files override those of its groups, like its variables. */
function secretFilesOf(cloud: Cloud, { id, secretFiles }: ServiceRecord): SecretFile[] {
  return [...groupsOf(cloud, id).flatMap((it) => it.secretFiles), ...secretFiles];
}

function groupsOf({ state }: Cloud, serviceId: string) {
  return Object.values(state.envGroups).filter((it) => it.serviceIds.includes(serviceId));
}

/**
 * The environment of the service's processes, except PORT, which each instance has.
 *
 * It takes only PATH from this machine's environment, so that a secret of the cloud's user does not
 * reach a service.
 */
function environmentOf(
  cloudContext: CloudContext,
  service: ServiceRecord,
  deploy: DeployRecord,
): Readonly<Record<string, string>> {
  const home = homeOf(cloudContext.options, service.id);
  const groups = groupsOf(cloudContext.cloud, service.id).flatMap((it) => it.envVars);
  const own = [...groups, ...service.envVars].map(({ key, value }) => [key, value] as const);
  return {
    // The current Node comes first, because the machine may have an older one or none.
    PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
    LANG: "C.UTF-8",
    TZ: "UTC",
    // Kept between builds, as Render keeps package caches.
    HOME: join(home, "home"),
    TMPDIR: join(home, "tmp"),
    ...renderVariables(cloudContext, service, deploy),
    ...Object.fromEntries(own),
  };
}

/** @see https://render.com/docs/environment-variables */
function renderVariables(
  { portOf }: CloudContext,
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
