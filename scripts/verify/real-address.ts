import { withPortAndPath } from "../../infra/components/env.ts";
import type { DatabaseProperty, EnvValue } from "../../infra/model/value-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import { DEFAULT_PORT } from "../../infra/resources/facts.ts";
import type { ObservedDatastore, ObservedStack } from "./observed.ts";

/**
 * The text that a variable must have, from the existing resources.
 *
 * `undefined` when it cannot be known: a secret's value, or the address of a missing resource.
 */
export function expectedText(value: EnvValue, observed: ObservedStack): string | undefined {
  switch (value.kind) {
    case "text":
      return value.text;
    case "secret":
      return undefined;
    case "reference": {
      const service = observed.services[value.service]?.service;
      const address = serviceAddress(service, value.property);
      return address === undefined ? undefined : withPortAndPath(address, value);
    }
    case "database":
      return databaseText(observed.databases[value.database], value.property);
    case "keyValue":
      return connectionText(observed.keyValues[value.keyValue], value.property);
  }
}

/** The address of a service from Render's answer; `undefined` when it has none. */
export function serviceAddress(
  service: Json | undefined,
  property: "url" | "privateUrl",
): string | undefined {
  if (property === "url") return textAt(service, ["serviceDetails", "url"]);
  const slug = textAt(service, ["slug"]);
  const ports = memberAt(service, ["serviceDetails", "openPorts"]);
  const port = Array.isArray(ports) ? memberAt(ports[0] as Json, ["port"]) : undefined;
  return slug && `http://${slug}:${typeof port === "number" ? port : DEFAULT_PORT}`;
}

function databaseText(
  observed: ObservedDatastore | undefined,
  property: DatabaseProperty,
): string | undefined {
  if (property === "internalUrl" || property === "externalUrl")
    return connectionText(observed, property);
  const url = connectionText(observed, "internalUrl");
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { hostname, port, username, password, pathname } = new URL(url);
  const parts = {
    host: hostname,
    port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    name: decodeURIComponent(pathname.slice(1)),
  };
  // Render's connection string may leave out the default port.
  return property === "port" && port === "" ? undefined : parts[property];
}

const CONNECTION_STRINGS = {
  internalUrl: "internalConnectionString",
  externalUrl: "externalConnectionString",
} as const;

function connectionText(
  observed: ObservedDatastore | undefined,
  property: keyof typeof CONNECTION_STRINGS,
): string | undefined {
  return observed && textAt(observed.connection, [CONNECTION_STRINGS[property]]);
}

function textAt(value: Json | undefined, path: readonly string[]): string | undefined {
  const text = memberAt(value, path);
  return typeof text === "string" ? text : undefined;
}
