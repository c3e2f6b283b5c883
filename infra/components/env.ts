import type * as pulumi from "@pulumi/pulumi";
import type { EnvValue } from "../model/stack-model.ts";
import type { Secrets } from "../secrets.ts";

/** What can be referred to by the environment of others. */
export interface Addresses {
  readonly url: pulumi.Output<string>;
  readonly privateUrl: pulumi.Output<string>;
}

/** What an environment's values are taken from. */
export interface EnvSources {
  readonly secrets: Secrets;
  readonly services: ReadonlyMap<string, Addresses>;
}

/** The variables with their values; one whose optional secret is not set is left out. */
export function environment(
  env: Readonly<Record<string, EnvValue>>,
  sources: EnvSources,
): Record<string, pulumi.Input<string>> {
  const entries = Object.entries(env).map(
    ([key, value]) => [key, valueOf(value, sources)] as const,
  );
  return Object.fromEntries(
    entries.filter((entry): entry is [string, pulumi.Input<string>] => entry[1] !== undefined),
  );
}

function valueOf(
  value: EnvValue,
  { secrets, services }: EnvSources,
): pulumi.Input<string> | undefined {
  switch (value.kind) {
    case "text":
      return value.text;
    case "secret":
      return secrets.valueOf(value.secret);
    case "reference": {
      const service = services.get(value.service);
      if (!service)
        throw new Error(`unreachable: service "${value.service}" is not registered yet`);
      return service[value.property];
    }
  }
}
