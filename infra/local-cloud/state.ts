import type { KeyValueRecord, PostgresRecord } from "./render/datastore-records.ts";
import type { DeployRecord } from "./render/deploy-states.ts";
import type {
  CustomDomainRecord,
  DiskRecord,
  EnvGroupRecord,
  EnvironmentRecord,
  EventRecord,
  JobRecord,
  NotificationOverride,
  NotificationSetting,
  ProjectRecord,
  RegistryCredentialRecord,
  RunRecord,
  ServiceRecord,
} from "./render/records.ts";

/** Rises when a state file of the version before cannot be read any more. */
export const STATE_VERSION = 1;

/** Rows by id, in the order in which they were created. */
export type Table<Row> = Record<string, Row>;

/** What `POST /__local/settings` changes. */
export interface Settings {
  /** What a new deploy does to one that is running: cancel it, or wait for it. */
  deployPolicy: "override" | "wait";
  /** Headers are always sent; only `on` counts and answers 429. Off by default: a large stack breaks 20 creates an hour. */
  rateLimits: "on" | "off";
  /** Refuse unknown body fields. Off by default, because Render's own schemas are open. */
  strict: boolean;
}

/** Everything the cloud holds: plain JSON, so that it can live in a file. */
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
  /** Port of each service that really runs, by its id, so that its address stays. */
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
}

/** A cloud in which nothing exists, with default settings. */
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
  };
}
