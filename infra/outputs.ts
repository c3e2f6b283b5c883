import type { Input } from "@pulumi/pulumi";

/** The outputs of a service: its addresses, never its contents. */
export interface ServiceOutputs {
  readonly [key: string]: Input<string>;
  readonly id: Input<string>;
  readonly dashboardUrl: Input<string>;
}

/** The outputs of a job. */
export interface JobOutputs {
  readonly [key: string]: Input<string>;
  readonly id: Input<string>;
  readonly dashboardUrl: Input<string>;
}

/** The outputs of a resource without a public address; never how to connect to it. */
export interface ResourceOutputs {
  readonly [key: string]: Input<string>;
  readonly id: Input<string>;
}

/**
 * The outputs of a stack, by the keys of its spec. `verify` finds the deployed resources by them.
 */
export interface StackOutputs {
  readonly services: Readonly<Record<string, ServiceOutputs>>;
  readonly jobs: Readonly<Record<string, JobOutputs>>;
  readonly databases: Readonly<Record<string, ResourceOutputs>>;
  readonly keyValues: Readonly<Record<string, ResourceOutputs>>;
  readonly envGroups: Readonly<Record<string, ResourceOutputs>>;
  /** Registry credentials. */
  readonly registries: Readonly<Record<string, ResourceOutputs>>;
  /** The project's environment that contains all resources; absent without a project. */
  readonly projectEnvironment?: ResourceOutputs;
}
