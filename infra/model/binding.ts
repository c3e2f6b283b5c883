import type { EnvSpec, EnvValueSpec } from "../spec/env.ts";
import type { Reference } from "../spec/reference.ts";
import type { VariableParts } from "./variables.ts";

/**
 * Finds the variables from which the runtime of a process reads the values that its manifest refers
 * to.
 */
export interface Binding {
  /** Name of the variable. A variable is added when no existing one has the same value. */
  nameOf(reference: Reference): string;
  /** Additional variables that the process needs. */
  readonly added: EnvSpec;
}

/** The parts of a connection that are its URL; other parts are not an address. */
const URL_PROPERTIES: readonly (string | undefined)[] = [
  undefined,
  "url",
  "internalUrl",
  "externalUrl",
];

/** A binding for a process with these variables. */
export function bindReferences(env: ReadonlyMap<string, VariableParts>): Binding {
  const added: Record<string, EnvValueSpec> = {};
  return {
    added,
    nameOf: (reference) => {
      if ("env" in reference) return reference.env;
      const known = [...env].find(([, parts]) => isSame(reference, parts));
      if (known) return known[0];
      const name = addedName(reference);
      added[name] = reference;
      return name;
    },
  };
}

function isSame(reference: Reference, parts: VariableParts): boolean {
  if ("secret" in reference) return parts.secret === reference.secret;
  if (!URL_PROPERTIES.includes(parts.property)) return false;
  if ("database" in reference) return parts.database === reference.database;
  return "keyValue" in reference && parts.keyValue === reference.keyValue;
}

/** The runtime's own prefix, so that the name never collides with a variable of the app. */
function addedName(reference: Exclude<Reference, { env: string }>): string {
  if ("secret" in reference) return `OPSPEC_SECRET_${reference.secret}`;
  if ("database" in reference) return `OPSPEC_DATABASE_${upper(reference.database)}_URL`;
  return `OPSPEC_KEY_VALUE_${upper(reference.keyValue)}_URL`;
}

function upper(key: string): string {
  return key.toUpperCase().replaceAll("-", "_");
}
