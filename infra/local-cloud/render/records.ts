import type { AutoscalingBody, IpAllow } from "./service-bodies.ts";
import type { ServiceType } from "./service-types.ts";

/** One environment variable, of a service or of a group. */
export interface EnvVar {
  key: string;
  value: string;
}

/** One file under /etc/secrets, of a service or of a group. */
export interface SecretFile {
  name: string;
  content: string;
}

/** A service as it is kept: what was asked for, after the server's own normalisation. */
export interface ServiceRecord {
  readonly id: string;
  readonly type: ServiceType;
  readonly ownerId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
  /** Made from the first name; a new name does not change it. */
  readonly slug: string;
  suspenders: string[];
  source: ServiceSource;
  rootDir: string;
  autoDeployTrigger: AutoDeployTrigger;
  buildFilter?: BuildFilter;
  environmentId?: string;
  details: ServiceDetails;
  /** In the order of the last request; lists show them newest first. */
  envVars: EnvVar[];
  secretFiles: SecretFile[];
  /** Of a static site, in the order of the last request. */
  headers: HeaderRecord[];
  /** Of a static site, in the order in which they are tried. */
  routes: RouteRecord[];
}

/** A response header of a static site. */
export interface HeaderRecord {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

/** A redirect or rewrite of a static site; its priority is its place in the list. */
export interface RouteRecord {
  readonly id: string;
  readonly type: "redirect" | "rewrite";
  readonly source: string;
  readonly destination: string;
}

export type AutoDeployTrigger = "commit" | "checksPass" | "off";

/** Where the code or the image comes from. */
export type ServiceSource =
  | { repo: string; branch: string }
  | { imagePath: string; registryCredentialId?: string };

export interface BuildFilter {
  paths: string[];
  ignoredPaths: string[];
}

/** What depends on the type of the service; fields a type does not have are absent. */
export interface ServiceDetails {
  runtime?: string;
  region?: string;
  plan?: string;
  build?: BuildDetails;
  preDeployCommand?: string;
  numInstances?: number;
  autoscaling?: AutoscalingBody;
  maxShutdownDelaySeconds?: number;
  previews?: PreviewsGeneration;
  healthCheckPath?: string;
  maintenanceMode?: { enabled: boolean; uri: string };
  ipAllowList?: IpAllow[];
  renderSubdomainPolicy?: "enabled" | "disabled";
  cacheProfile?: string;
  schedule?: string;
  buildCommand?: string;
  publishPath?: string;
}

type PreviewsGeneration = "off" | "manual" | "automatic";

/** How it is built and started: natively, or with Docker. */
export type BuildDetails =
  | { buildCommand: string; startCommand: string }
  | {
      dockerCommand: string;
      dockerContext: string;
      dockerfilePath: string;
      registryCredentialId?: string;
    };

/** A persistent disk; it belongs to one service for life. */
export interface DiskRecord {
  readonly id: string;
  readonly serviceId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
  mountPath: string;
  sizeGB: number;
}

/** A domain of the user's own on a service. */
export interface CustomDomainRecord {
  readonly id: string;
  readonly serviceId: string;
  /** In nanoseconds, as the POST answer shows it. */
  readonly createdAt: string;
  readonly name: string;
  readonly domainType: "apex" | "subdomain";
  readonly publicSuffix: string;
  /** The domain that this one leads to; empty when it is served itself. */
  readonly redirectForName: string;
  verificationStatus: "verified" | "unverified";
}

/** One run of a cron job that was asked for, or one job beside a service. */
export interface RunRecord {
  readonly id: string;
  readonly serviceId: string;
  readonly createdAt: string;
  canceledAt?: string;
  /** Of a run that is really carried out: what has become of it by now. */
  measured?: MeasuredRun;
}

/** A run as its process was seen. */
export interface MeasuredRun {
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly isOk?: boolean;
}

export interface JobRecord extends RunRecord {
  readonly startCommand: string;
  readonly planId: string;
}

/** Something that happened to a service and cannot be told from its other records. */
export interface EventRecord {
  readonly id: string;
  readonly serviceId: string;
  readonly timestamp: string;
  readonly type: "service_suspended" | "service_resumed";
}

/** Variables and files that several services share. */
export interface EnvGroupRecord {
  readonly id: string;
  readonly ownerId: string;
  /** In nanoseconds, as the POST answer shows it. */
  readonly createdAt: string;
  /** Moves when the group is renamed, not when an item of it changes. */
  updatedAt: string;
  name: string;
  envVars: EnvVar[];
  secretFiles: SecretFile[];
  serviceIds: string[];
  environmentId?: string;
}

/** Environments that belong together. */
export interface ProjectRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
}

/** A part of a project. Its members know it; it does not know them. */
export interface EnvironmentRecord {
  readonly id: string;
  readonly projectId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
  protectedStatus: "protected" | "unprotected";
  networkIsolationEnabled: boolean;
  ipAllowList: IpAllow[];
}

/** Access to a private registry; the token is never answered. */
export interface RegistryCredentialRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
  registry: string;
  username: string;
  authToken: string;
}

/** What a service says differently from its workspace about notifications; previews are texts at Render. */
export interface NotificationOverride {
  notificationsToSend: "all" | "failure" | "none" | "default";
  previewNotificationsEnabled: "true" | "false" | "default";
}

/** What a workspace says about notifications. */
export interface NotificationSetting {
  emailEnabled: boolean;
  notificationsToSend: "all" | "failure" | "none";
  previewNotificationsEnabled: boolean;
}
