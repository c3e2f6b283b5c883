import type { EnvSpec, SecretFilesSpec } from "../spec/env.ts";
import type { StackSpec } from "../spec/stack.ts";
import { declaredUrl } from "./address.ts";
import { DEFAULT_PORT } from "../resources/facts.ts";
import type { DatabaseProperty, EnvValue, SecretFileModel } from "./value-model.ts";
import { partsOf, type VariableParts } from "./variables.ts";

/** The process that receives the variables. Only processes on Render use internal addresses. */
export interface Consumer {
  readonly spec: StackSpec;
  readonly isOnRender: boolean;
}

/** Resolves environment variables, sorted by name. */
export function modelEnv(env: EnvSpec | undefined, consumer: Consumer): Record<string, EnvValue> {
  const entries = Object.entries(env ?? {}).map(
    ([name, value]) => [name, modelEnvValue(partsOf(value), consumer)] as const,
  );
  return sortEnv(Object.fromEntries(entries));
}

/** The variables sorted by name, so that their order in the spec has no effect. */
export function sortEnv(env: Readonly<Record<string, EnvValue>>): Record<string, EnvValue> {
  return Object.fromEntries(Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A plain value. */
export function text(value: string): EnvValue {
  return { kind: "text", text: value };
}

/** Resolves secret files, sorted by name. */
export function modelSecretFiles(files: SecretFilesSpec | undefined): SecretFileModel[] {
  return Object.entries(files ?? {})
    .map(([name, file]): SecretFileModel => {
      if ("secret" in file) return { name, content: "", secret: file.secret };
      return { name, content: file.text };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function modelEnvValue(parts: VariableParts, consumer: Consumer): EnvValue {
  if (parts.secret !== undefined) return { kind: "secret", secret: parts.secret };
  if (parts.url !== undefined) return publicUrl(parts.url, parts.path, consumer.spec);
  if (parts.privateUrl !== undefined)
    return privateUrl(parts.privateUrl, parts.path, consumer.spec);
  if (parts.database !== undefined) {
    const property = databaseProperty(parts.property, consumer);
    return { kind: "database", database: parts.database, property };
  }
  if (parts.keyValue !== undefined) {
    const isInternal = databaseProperty(parts.property, consumer) === "internalUrl";
    const property = isInternal ? "internalUrl" : "externalUrl";
    return { kind: "keyValue", keyValue: parts.keyValue, property };
  }
  return text(String(parts.value));
}

/** A declared domain is known in advance, so it creates no dependency. */
function publicUrl(service: string, path: string | undefined, spec: StackSpec): EnvValue {
  const declared = declaredUrl(spec, service);
  if (declared !== undefined) return text(`${declared}${path ?? ""}`);
  return { kind: "reference", service, property: "url", ...(path === undefined ? {} : { path }) };
}

function privateUrl(service: string, path: string | undefined, spec: StackSpec): EnvValue {
  const port = spec.services?.[service]?.port;
  return {
    kind: "reference",
    service,
    property: "privateUrl",
    ...(path === undefined ? {} : { path }),
    ...(port === undefined || port === DEFAULT_PORT ? {} : { port }),
  };
}

const DATABASE_PROPERTIES: readonly DatabaseProperty[] = [
  "internalUrl",
  "externalUrl",
  "host",
  "port",
  "user",
  "password",
  "name",
];

function databaseProperty(property: string | undefined, consumer: Consumer): DatabaseProperty {
  const known = DATABASE_PROPERTIES.find((it) => it === property);
  return known ?? (consumer.isOnRender ? "internalUrl" : "externalUrl");
}
