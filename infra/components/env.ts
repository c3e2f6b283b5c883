import type * as pulumi from "@pulumi/pulumi";
import type { EnvValue, SecretFileModel } from "../model/stack-model.ts";
import type { DatabaseProperty } from "../model/value-model.ts";
import type { Secrets } from "../secrets.ts";
import type { Registry } from "./registry.ts";

/** The sources of an environment's values. */
export interface EnvSources {
  readonly secrets: Secrets;
  readonly services: Registry<"url" | "privateUrl">;
  readonly databases: Registry<DatabaseProperty>;
  readonly keyValues: Registry<"internalUrl" | "externalUrl">;
}

/** The variables with their values, without those whose optional secret is not set. */
export function environment(
  env: Readonly<Record<string, EnvValue>>,
  sources: EnvSources,
): Record<string, pulumi.Input<string>> {
  return withoutMissing(Object.entries(env).map(([key, value]) => [key, valueOf(value, sources)]));
}

/** Secret files, content by name, without those whose optional secret is not set. */
export function secretFiles(
  files: readonly SecretFileModel[],
  { secrets }: EnvSources,
): Record<string, pulumi.Input<string>> {
  return withoutMissing(
    files.map(({ name, content, secret }) => [name, secret ? secrets.valueOf(secret) : content]),
  );
}

function valueOf(value: EnvValue, sources: EnvSources): pulumi.Input<string> | undefined {
  switch (value.kind) {
    case "text":
      return value.text;
    case "secret":
      return sources.secrets.valueOf(value.secret);
    case "reference":
      return sources.services
        .get(value.service, value.property)
        .apply((url) => withPortAndPath(url, value));
    case "database":
      return sources.databases.get(value.database, value.property);
    case "keyValue":
      return sources.keyValues.get(value.keyValue, value.property);
  }
}

/** The address with another port and path; an unused part stays as Render gives it. */
export function withPortAndPath(
  url: string,
  { port, path }: { port?: number; path?: string },
): string {
  const base = port === undefined ? url : url.replace(/:\d+$/, `:${port}`);
  return `${base}${path ?? ""}`;
}

function withoutMissing(
  entries: readonly (readonly [string, pulumi.Input<string> | undefined])[],
): Record<string, pulumi.Input<string>> {
  return Object.fromEntries(
    entries.filter(
      (entry): entry is readonly [string, pulumi.Input<string>] => entry[1] !== undefined,
    ),
  );
}
