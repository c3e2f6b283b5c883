import type {
  EnvGroupModel,
  KeyValueModel,
  PostgresModel,
  ProjectModel,
  RegistryModel,
  StaticSiteModel,
} from "./platform-model.ts";
import type {
  AllowListEntry,
  EnvValue,
  KeyedModel,
  SecretFileModel,
  SourceModel,
} from "./value-model.ts";
import type { ContainerModel, EdgeModel, VmModel } from "./vm-model.ts";

export type { EnvValue, SecretFileModel, SourceModel } from "./value-model.ts";

/**
 * A stack with every default, name, reference and schedule resolved, as plain data.
 *
 * Components turn it into resources; `verify` compares it with the existing ones.
 */
export interface StackModel {
  /** Name of the stack: the file name of its spec without `.ops.yaml`. */
  readonly name: string;
  readonly system: string;
  readonly environment: "production" | "staging";
  /** IANA name of the zone in which local times are shown. */
  readonly timezone: string;
  /** Id of the Render workspace that owns the stack's resources. */
  readonly ownerId: string;
  readonly secrets: readonly SecretModel[];
  readonly services: readonly ServiceModel[];
  readonly staticSites: readonly StaticSiteModel[];
  readonly containers: readonly ContainerModel[];
  readonly envGroups: readonly EnvGroupModel[];
  readonly databases: readonly PostgresModel[];
  readonly keyValues: readonly KeyValueModel[];
  readonly registries: readonly RegistryModel[];
  readonly project?: ProjectModel;
  readonly vms: readonly VmModel[];
  readonly edge?: EdgeModel;
  /** Jobs that are Render cron jobs. */
  readonly jobs: readonly JobModel[];
  /** Jobs without a resource. */
  readonly inServiceJobs: readonly InServiceJobModel[];
  readonly checks: readonly CheckModel[];
  readonly overlays: readonly OverlayModel[];
  /** Module beside the spec that registers plain Pulumi resources. */
  readonly resources?: string;
  /** Notes for the preview: late references, missing recommended variables. */
  readonly notes: readonly string[];
}

/** A secret that the stack uses. Only `infra/secrets.ts` resolves its value. */
export interface SecretModel {
  readonly name: string;
  /**
   * Whether a missing value stops the deploy (`true`), logs a warning (`warn`) or is ignored
   * (`false`).
   */
  readonly required: boolean | "warn";
  /** Number of random bytes of a generated value, which is kept in encrypted state. */
  readonly generateBytes?: number;
  /** A changed text generates a new value. */
  readonly rotation?: string;
  /** Other variable names in which the value is looked up. */
  readonly aliases?: readonly string[];
  /** Command whose output is the value when no other source has it. */
  readonly command?: readonly string[];
  /** Minimum length of the value, in characters. */
  readonly minLength?: number;
  /** Values that are refused, compared case-insensitively. */
  readonly weak?: readonly string[];
  readonly maxAgeSeconds?: number;
  /** Date of the last rotation, as YYYY-MM-DD. */
  readonly rotated?: string;
  /** Slash paths of the spec that use it, for messages. */
  readonly usedBy: readonly string[];
}

export interface DiskModel {
  readonly name: string;
  readonly mountPath: string;
  readonly sizeGb: number;
  /** Directories and files, relative to the app's working directory, that live on the disk. */
  readonly persist: readonly string[];
}

export interface AutoscaleModel {
  readonly min: number;
  readonly max: number;
  readonly cpuPercent?: number;
  readonly memoryPercent?: number;
}

export interface ServiceModel extends KeyedModel {
  readonly type: "web" | "private" | "worker";
  /** Name on Render, unique in the workspace. */
  readonly name: string;
  readonly ownerId: string;
  readonly region: string;
  readonly plan: string;
  readonly source: SourceModel;
  /** Render's runtime: python, node, docker, image, … */
  readonly runtime: string;
  /** With the runtime's fetch and checksum appended. Absent for docker and images. */
  readonly buildCommand?: string;
  /** Wrapped: `<dir>/opspec-runtime supervise -- <start>`. For docker and images: the docker command. */
  readonly startCommand?: string;
  readonly dockerfilePath?: string;
  readonly dockerContext?: string;
  readonly preDeployCommand?: string;
  readonly healthCheckPath?: string;
  readonly autoDeploy: boolean;
  /** `checksPass` deploys a commit only after its checks passed. */
  readonly autoDeployTrigger?: "commit" | "checksPass" | "off";
  readonly buildFilter?: {
    readonly paths: readonly string[];
    readonly ignoredPaths: readonly string[];
  };
  readonly previews?: "off" | "manual" | "automatic";
  readonly instances?: number;
  readonly autoscale?: AutoscaleModel;
  readonly shutdownSeconds?: number;
  readonly disk?: DiskModel;
  /** Consent to lose data by a replacement or by removing a disk. */
  readonly allowDataLoss?: boolean;
  readonly env: Readonly<Record<string, EnvValue>>;
  /**
   * Variables that close a cycle of references. A separate resource sets them after both services
   * exist.
   */
  readonly lateEnv?: Readonly<Record<string, EnvValue>>;
  /** Keys of linked env groups. */
  readonly envGroups?: readonly string[];
  readonly secretFiles: readonly SecretFileModel[];
  readonly domains?: readonly string[];
  readonly allowList?: readonly AllowListEntry[];
}

/** When a job runs, in the operator's zone and in UTC. */
export interface ScheduleModel {
  /** In words, with both zones: `weekdays 13:00 America/Mazatlan = 20:00 UTC`. */
  readonly text: string;
  readonly timezone: string;
  /** Five-field cron in `timezone`. */
  readonly pattern: string;
  /** The schedule in UTC, in Render's form. */
  readonly utcCron: string;
}

/** A job that a Render cron job starts. */
export interface JobModel extends KeyedModel {
  /** Name in the catalog, for example `digest`; `command` for a command of the app's own. */
  readonly uses: string;
  readonly name: string;
  readonly ownerId: string;
  readonly region: string;
  readonly plan: string;
  readonly schedule: ScheduleModel;
  /** Key of the job in the spec, where two crons start one job. */
  readonly job?: string;
  /** Key of the disk-owning service in which the cron job triggers the run. */
  readonly calls?: string;
  /** Key of the service whose image it shares and whose deploy probes the command. */
  readonly like?: string;
  /** The runtime's image, or the source of the service in `like`. */
  readonly source: SourceModel;
  /** Render's runtime of the source. */
  readonly runtime: string;
  readonly buildCommand?: string;
  readonly dockerfilePath?: string;
  readonly dockerContext?: string;
  /** The container's command line, or the start command of a native runtime. */
  readonly command: string;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly envGroups?: readonly string[];
  readonly secretFiles?: readonly SecretFileModel[];
}

/** A job without a resource: a service's runtime, a VM's timer or the app runs it. */
export interface InServiceJobModel {
  readonly key: string;
  readonly uses: string;
  readonly owner:
    | { readonly kind: "service"; readonly service: string }
    | { readonly kind: "vm"; readonly vm: string }
    | { readonly kind: "app"; readonly service: string };
  /** In words, with both zones. */
  readonly schedule: string;
  readonly formerly?: readonly string[];
}

/** Values for an incident, by overlay. */
export interface OverlayModel {
  readonly key: string;
  readonly description: string;
}

/** A check after a deploy; `verify` reports it as ok, failed or not checked. */
export type CheckModel =
  | {
      readonly kind: "http";
      readonly service: string;
      readonly path: string;
      readonly status: number;
      /** Keys and values that the JSON answer must contain. */
      readonly json?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "ran"; readonly job: string; readonly withinSeconds: number }
  | { readonly kind: "channel"; readonly channel: string };
