import type {
  AllowListEntry,
  EnvValue,
  KeyedModel,
  PulumiModel,
  SecretFileModel,
  SourceModel,
} from "./value-model.ts";

export interface StaticSiteModel extends KeyedModel {
  readonly name: string;
  readonly ownerId: string;
  readonly source: SourceModel;
  readonly buildCommand?: string;
  readonly publishPath: string;
  readonly autoDeploy: boolean;
  readonly autoDeployTrigger?: "commit" | "checksPass" | "off";
  readonly buildFilter?: {
    readonly paths: readonly string[];
    readonly ignoredPaths: readonly string[];
  };
  readonly previews?: "off" | "manual" | "automatic";
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly lateEnv?: Readonly<Record<string, EnvValue>>;
  readonly envGroups?: readonly string[];
  readonly domains?: readonly string[];
  readonly headers?: readonly {
    readonly path: string;
    readonly name: string;
    readonly value: string;
  }[];
  readonly routes?: readonly {
    readonly type: "redirect" | "rewrite";
    readonly source: string;
    readonly destination: string;
  }[];
}

export interface EnvGroupModel extends KeyedModel {
  readonly name: string;
  readonly ownerId: string;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly secretFiles: readonly SecretFileModel[];
}

export interface PostgresModel extends KeyedModel {
  readonly name: string;
  readonly ownerId: string;
  readonly region: string;
  readonly plan: string;
  /** Major version; Render takes it as text. */
  readonly version: string;
  readonly databaseName?: string;
  readonly databaseUser?: string;
  readonly diskGb?: number;
  readonly autoscaleDisk?: boolean;
  readonly highAvailability?: boolean;
  readonly replicas?: readonly string[];
  readonly allowList?: readonly AllowListEntry[];
  /** Consent that a replacement deletes the data. */
  readonly allowDataLoss: boolean;
}

export interface KeyValueModel extends KeyedModel {
  readonly name: string;
  readonly ownerId: string;
  readonly region: string;
  readonly plan: string;
  readonly maxmemoryPolicy?: string;
  readonly persistenceMode?: "off" | "snapshot" | "journal_snapshot";
  readonly allowList?: readonly AllowListEntry[];
  readonly allowDataLoss: boolean;
}

/** An account at a container registry; the token is the value of a secret. */
export interface RegistryModel extends KeyedModel {
  readonly name: string;
  readonly registry: "GITHUB" | "GITLAB" | "DOCKER" | "GOOGLE_ARTIFACT" | "AWS_ECR";
  readonly username: string;
  readonly tokenSecret: string;
}

/** The Render project and the environment with this stack's resources. */
export interface ProjectModel {
  readonly name: string;
  /** Another stack creates the project; this stack only adds its environment. */
  readonly existing: boolean;
  readonly environment: {
    readonly name: string;
    readonly protected: boolean;
    readonly isolated: boolean;
    readonly pulumi?: PulumiModel;
  };
  readonly pulumi?: PulumiModel;
}
