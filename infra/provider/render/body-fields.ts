import { type Json, type JsonObject, memberAt, withMember } from "./answer.ts";

/** Position of an input in Render's bodies. */
export interface BodyField {
  /** Path in POST and PATCH bodies; absent when separate calls set it. */
  readonly write?: readonly string[];
  /** Path in answers; the same as `write` by default. */
  readonly read?: readonly string[];
  /** Only in POST bodies. */
  readonly createOnly?: boolean;
  /** Not in answers; a separate call reads it. */
  readonly isReadApart?: boolean;
  readonly toApi?: (value: Json) => Json;
  readonly fromApi?: (value: Json) => Json | undefined;
  /** The PATCH value when it is no longer declared; without one it is left unchanged. */
  readonly cleared?: Json;
}

/** The inputs of a resource type that are part of Render's bodies, by name. */
export type BodyFields = Readonly<Record<string, BodyField>>;

/** Adds these inputs to a body. */
export function bodyOf(
  fields: BodyFields,
  inputs: JsonObject,
  { purpose, base = {} }: { purpose: "create" | "patch"; base?: JsonObject },
): JsonObject {
  return Object.entries(fields)
    .filter(([, field]) => purpose === "create" || !field.createOnly)
    .reduce<JsonObject>((at, [key, { write, toApi }]) => {
      const value = inputs[key];
      if (value === undefined || !write) return at;
      return withMember(at, write, toApi ? toApi(value) : value);
    }, base);
}

/** The part of a PATCH that clears inputs that are no longer declared. */
export function clearingOf(fields: BodyFields, dropped: readonly string[]): JsonObject {
  return dropped.reduce<JsonObject>((at, key) => {
    const { write, cleared } = fields[key] ?? {};
    return write && cleared !== undefined ? withMember(at, write, cleared) : at;
  }, {});
}

/** The inputs in an answer; Render's empty string means that there is none. */
export function inputsOf(fields: BodyFields, answer: Json): JsonObject {
  const inAnswer = Object.entries(fields).filter(([, field]) => !field.isReadApart);
  const entries = inAnswer.map(([key, { write, read = write, fromApi }]) => {
    const value = read && memberAt(answer, read);
    if (value === undefined || value === "") return [key, undefined] as const;
    if (fromApi) return [key, fromApi(value)] as const;
    return [key, value ?? undefined] as const;
  });
  return defined(Object.fromEntries(entries));
}

/** The members that are not undefined. */
export function defined(members: JsonObject): { readonly [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(members).filter((it): it is [string, Json] => it[1] !== undefined),
  );
}

/** Whether a PATCH can set this input. */
export function isPatchable(fields: BodyFields, input: string): boolean {
  const field = fields[input];
  return field?.write !== undefined && !field.createOnly;
}

/** The allow-list; Render answers `null` for an empty one. */
export const ALLOW_LIST: BodyField = {
  write: ["ipAllowList"],
  toApi: allowListToApi,
  fromApi: allowListFromApi,
  // Render's own default. @see https://render.com/docs/inbound-ip-rules
  cleared: [{ cidrBlock: "0.0.0.0/0", description: "everywhere" }],
};

function allowListToApi(list: Json): Json {
  return itemsOf(list).map((it) => ({
    cidrBlock: memberAt(it, ["cidr"]),
    description: memberAt(it, ["description"]),
  }));
}

function allowListFromApi(list: Json): Json {
  return itemsOf(list).map((it) => ({
    cidr: memberAt(it, ["cidrBlock"]),
    description: memberAt(it, ["description"]) ?? "",
  }));
}

/** The items of a list; Render answers `null` for some empty ones. */
export function itemsOf(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? (list as Json[]) : [];
}
