import type * as pulumi from "@pulumi/pulumi";
import type { EnvValue } from "../model/stack-model.ts";
import { ServiceEnv } from "../resources/render/service-env.ts";
import { type EnvSources, environment } from "./env.ts";
import { register } from "./register.ts";

/** A service and those of its variables that close a cycle of references. */
interface LateService {
  readonly key: string;
  readonly formerly?: readonly string[] | undefined;
  readonly id: pulumi.Input<string>;
  readonly lateEnv: Readonly<Record<string, EnvValue>>;
}

/**
 * Sets the variables once every resource of the cycle exists. They move with a service whose key
 * changes.
 */
export function registerLateEnv(
  { key, formerly = [], id, lateEnv }: LateService,
  sources: EnvSources,
  provider: pulumi.ProviderResource,
): void {
  register(ServiceEnv, key, {
    inputs: { serviceId: id, env: environment(lateEnv, sources) },
    options: { provider, aliases: formerly.map((name) => ({ name })) },
  });
}
