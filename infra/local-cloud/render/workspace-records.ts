import type { EnvVar, SecretFile } from "./records.ts";
import type { IpAllow } from "./service-bodies.ts";

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
