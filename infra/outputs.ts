import type { Input } from "@pulumi/pulumi";

/** What a deployed service tells the outside: where it is, never what it holds. */
export interface ServiceOutputs {
  readonly [key: string]: Input<string>;
  readonly id: Input<string>;
  readonly url: Input<string>;
  readonly dashboardUrl: Input<string>;
}

/** What a deployed job tells the outside. */
export interface JobOutputs {
  readonly [key: string]: Input<string>;
  readonly id: Input<string>;
  readonly dashboardUrl: Input<string>;
}

/** The outputs of a stack: by the keys of its spec. `verify` finds what was deployed by these. */
export interface StackOutputs {
  readonly services: Readonly<Record<string, ServiceOutputs>>;
  readonly jobs: Readonly<Record<string, JobOutputs>>;
}
