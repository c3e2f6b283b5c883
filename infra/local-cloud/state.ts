import type { KeyValueRecord, PostgresRecord } from "./render/datastore-records.ts";
import type { DeployRecord } from "./render/deploy-states.ts";
import type {
  CustomDomainRecord,
  DedicatedIpRecord,
  DiskRecord,
  EnvGroupRecord,
  EnvironmentRecord,
  EventRecord,
  JobRecord,
  LogStreamRecord,
  MetricsStreamRecord,
  NotificationOverride,
  NotificationSetting,
  ProjectRecord,
  RegistryCredentialRecord,
  RunRecord,
  ServiceRecord,
  WebhookRecord,
} from "./render/records.ts";

/** Incremented when state files of the previous version cannot be read any more. */
export const STATE_VERSION = 1;

/** Rows by id, in the order in which they were created. */
export type Table<Row> = Record<string, Row>;

/** Settings, changed by `POST /__local/settings`. */
export interface Settings {
  /** Whether a new deploy cancels a running one or waits for it. */
  deployPolicy: "override" | "wait";
  /**
   * Whether rate limits are enforced with 429. Headers are always sent. Off by default, because a
   * large stack exceeds 20 creates an hour.
   */
  rateLimits: "on" | "off";
  /** Whether unknown body fields are refused. Off by default, because Render's schemas are open. */
  strict: boolean;
}

/** The cloud's whole state, as plain JSON so that it fits in a file. */
export interface CloudState {
  version: typeof STATE_VERSION;
  /** How far the cloud's clock is ahead of real time. */
  clockOffsetMs: number;
  settings: Settings;
  services: Table<ServiceRecord>;
  disks: Table<DiskRecord>;
  deploys: Table<DeployRecord>;
  customDomains: Table<CustomDomainRecord>;
  cronRuns: Table<RunRecord>;
  jobs: Table<JobRecord>;
  /** Port of each running service by id, so that its address stays the same. */
  ports: Table<number>;
  events: Table<EventRecord>;
  envGroups: Table<EnvGroupRecord>;
  postgres: Table<PostgresRecord>;
  keyValues: Table<KeyValueRecord>;
  projects: Table<ProjectRecord>;
  environments: Table<EnvironmentRecord>;
  registryCredentials: Table<RegistryCredentialRecord>;
  /** By the id of the service. */
  notificationOverrides: Table<NotificationOverride>;
  /** By the id of the owner. */
  notificationSettings: Table<NotificationSetting>;
  /** By the id of the owner or resource. */
  logStreams: Table<LogStreamRecord>;
  /** By the id of the owner. */
  metricsStreams: Table<MetricsStreamRecord>;
  webhooks: Table<WebhookRecord>;
  dedicatedIps: Table<DedicatedIpRecord>;
}

/** An empty cloud with default settings. */
export function emptyState(): CloudState {
  return {
    version: STATE_VERSION,
    clockOffsetMs: 0,
    settings: { deployPolicy: "override", rateLimits: "off", strict: false },
    services: {},
    disks: {},
    deploys: {},
    customDomains: {},
    cronRuns: {},
    jobs: {},
    ports: {},
    events: {},
    envGroups: {},
    postgres: {},
    keyValues: {},
    projects: {},
    environments: {},
    registryCredentials: {},
    notificationOverrides: {},
    notificationSettings: {},
    logStreams: {},
    metricsStreams: {},
    webhooks: {},
    dedicatedIps: {},
  };
}
