import type * as pulumi from "@pulumi/pulumi";
import type { EnvValue } from "../model/stack-model.ts";
import { ServiceEnv } from "../resources/render/service-env.ts";
import { type EnvSources, environment } from "./env.ts";
import { register } from "./register.ts";

/** The variables of a service that close a circle of references: set once all of it exists. */
export function registerLateEnv(
  service: { key: string; id: pulumi.Input<string>; lateEnv: Readonly<Record<string, EnvValue>> },
  sources: EnvSources,
  provider: pulumi.ProviderResource,
): void {
  register(ServiceEnv, service.key, {
    inputs: { serviceId: service.id, env: environment(service.lateEnv, sources) },
    options: { provider },
  });
}
