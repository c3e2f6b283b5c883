import type { EnvValue, KeyedModel, SecretFileModel, SourceModel } from "./value-model.ts";

/** A container on a VM. */
export interface ContainerModel extends KeyedModel {
  readonly vm: string;
  readonly source: SourceModel;
  readonly startCommand?: string;
  readonly port?: number;
  readonly healthCheckPath?: string;
  readonly volumes: readonly { readonly host: string; readonly container: string }[];
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly files: readonly MountedFileModel[];
  /** Commands to run in a new image before it serves: they fail when a job's command is missing. */
  readonly probeCommand?: string;
}

/** A file of the VM, mounted read-only at the path that Render uses. */
export interface MountedFileModel extends SecretFileModel {
  /** Its path on the VM. */
  readonly host: string;
  /** Its path in the container. */
  readonly container: string;
}

export interface VmModel {
  readonly key: string;
  readonly address: string;
  readonly user: string;
  readonly hostKey?: string;
  readonly keySecret: string;
}

/** Names and cache rules at Cloudflare. */
export interface EdgeModel {
  readonly zone: string;
  readonly domains: readonly {
    readonly key: string;
    readonly host: string;
    readonly to: { readonly vm: string } | { readonly service: string };
    readonly proxied: boolean;
  }[];
  readonly neverCache: readonly string[];
}
