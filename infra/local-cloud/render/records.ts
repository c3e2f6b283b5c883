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

/** The record of a service: the requested fields after the server's normalisation. */
export interface ServiceRecord {
  readonly id: string;
  readonly type: ServiceType;
  readonly ownerId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
  /** Made from the first name; renaming does not change it. */
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
  /** Headers of a static site, in the order of the last request. */
  headers: HeaderRecord[];
  /** Routes of a static site, in the order in which they are tried. */
  routes: RouteRecord[];
}

/** A response header of a static site. */
export interface HeaderRecord {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

/** A redirect or rewrite of a static site; its priority is its position in the list. */
export interface RouteRecord {
  readonly id: string;
  readonly type: "redirect" | "rewrite";
  readonly source: string;
  readonly destination: string;
}

export type AutoDeployTrigger = "commit" | "checksPass" | "off";

/** The source of the code or image. */
export type ServiceSource =
  | { repo: string; branch: string }
  | { imagePath: string; registryCredentialId?: string };

export interface BuildFilter {
  paths: string[];
  ignoredPaths: string[];
}

/** The fields that depend on the service type; fields that a type lacks are absent. */
export interface ServiceDetails {
  runtime?: string;
  region?: string;
  plan?: string;
  build?: BuildDetails;
  preDeployCommand?: string;
  numInstances?: number;
  /** A scale that was set while autoscaling decides. */
  laterInstances?: number;
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

/** A persistent disk; it always belongs to the same service. */
export interface DiskRecord {
  readonly id: string;
  readonly serviceId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
  mountPath: string;
  sizeGB: number;
}

/** A custom domain of a service. */
export interface CustomDomainRecord {
  readonly id: string;
  readonly serviceId: string;
  /** In nanoseconds, as the POST answer shows it. */
  readonly createdAt: string;
  readonly name: string;
  readonly domainType: "apex" | "subdomain";
  readonly publicSuffix: string;
  /** The domain that this one redirects to; empty when it is served itself. */
  readonly redirectForName: string;
  verificationStatus: "verified" | "unverified";
}

/** One requested run of a cron job, or one one-off job of a service. */
export interface RunRecord {
  readonly id: string;
  readonly serviceId: string;
  readonly createdAt: string;
  canceledAt?: string;
  /** The measured state of a run that is executed here. */
  measured?: MeasuredRun;
}

/** A run as observed from its process. */
export interface MeasuredRun {
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly isOk?: boolean;
}

export interface JobRecord extends RunRecord {
  readonly startCommand: string;
  readonly planId: string;
}

/** An event of a service that its other records do not show. */
export interface EventRecord {
  readonly id: string;
  readonly serviceId: string;
  readonly timestamp: string;
  readonly type: "service_suspended" | "service_resumed";
}

/** Variables and files shared by several services. */
export interface EnvGroupRecord {
  readonly id: string;
  readonly ownerId: string;
  /** In nanoseconds, as the POST answer shows it. */
  readonly createdAt: string;
  /** Changes when the group is renamed, not when an item changes. */
  updatedAt: string;
  name: string;
  envVars: EnvVar[];
  secretFiles: SecretFile[];
  serviceIds: string[];
  environmentId?: string;
}

/** A group of environments. */
export interface ProjectRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
}

/** An environment of a project. Its members refer to it; it has no list of them. */
export interface EnvironmentRecord {
  readonly id: string;
  readonly projectId: string;
  readonly createdAt: string;
  updatedAt: string;
  name: string;
  protectedStatus: "protected" | "unprotected";
  /** Absent until a client sets it. */
  networkIsolationEnabled?: boolean | undefined;
  ipAllowList: IpAllow[];
}

/** Access to a private registry; answers never contain the token. */
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

/**
 * A service's override of the workspace's notification settings; the preview setting is a text at
 * Render.
 */
export interface NotificationOverride {
  notificationsToSend: "all" | "failure" | "none" | "default";
  previewNotificationsEnabled: "true" | "false" | "default";
}

/** The notification settings of a workspace. */
export interface NotificationSetting {
  emailEnabled: boolean;
  notificationsToSend: "all" | "failure" | "none";
  previewNotificationsEnabled: boolean;
}

/** Where the log lines of an owner or a resource go. The token is never read back. */
export interface LogStreamRecord {
  readonly endpoint: string;
  readonly token?: string | undefined;
  /** Of an owner: whether lines of previews are sent. */
  readonly preview?: "send" | "drop" | undefined;
  /** Of a resource: whether its lines are sent. */
  readonly setting?: "send" | "drop" | undefined;
}

/** Where the metrics of an owner go. The token is never read back. */
export interface MetricsStreamRecord {
  readonly provider: string;
  readonly url: string;
  readonly token: string;
}

/** A webhook of a workspace. Nothing is delivered. */
export interface WebhookRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly secret: string;
  name: string;
  url: string;
  enabled: boolean;
  eventFilter: string[];
}

/** A set of outbound addresses. */
export interface DedicatedIpRecord {
  readonly id: string;
  readonly ownerId: string;
  readonly region: string;
  readonly createdAt: string;
  readonly readyMs: number;
  updatedAt: string;
  name: string;
  description: string;
  environmentIds: string[];
}
