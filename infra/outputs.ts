import type { Input } from "@pulumi/pulumi";

/** What a deployed service tells the outside: where it is, never what it holds. */
export interface ServiceOutputs {
  readonly [key: string]: Input<string>;
  readonly id: Input<string>;
  readonly dashboardUrl: Input<string>;
}

/** What a deployed job tells the outside. */
export interface JobOutputs {
  readonly [key: string]: Input<string>;
  readonly id: Input<string>;
  readonly dashboardUrl: Input<string>;
}

/** What a deployed resource without an address of its own tells the outside; never how to connect to it. */
export interface ResourceOutputs {
  readonly [key: string]: Input<string>;
  readonly id: Input<string>;
}

/** The outputs of a stack: by the keys of its spec. `verify` finds what was deployed by these. */
export interface StackOutputs {
  readonly services: Readonly<Record<string, ServiceOutputs>>;
  readonly jobs: Readonly<Record<string, JobOutputs>>;
  readonly databases: Readonly<Record<string, ResourceOutputs>>;
  readonly keyValues: Readonly<Record<string, ResourceOutputs>>;
  readonly envGroups: Readonly<Record<string, ResourceOutputs>>;
  /** Accounts at registries of images. */
  readonly registries: Readonly<Record<string, ResourceOutputs>>;
  /** The environment of a project in which all of it stands; absent when the spec names no project. */
  readonly projectEnvironment?: ResourceOutputs;
}
