import { type Json, type JsonObject, memberAt, withMember } from "./answer.ts";

/** Position of an input in Render's bodies. */
export interface BodyField {
  /** In POST and PATCH; absent where calls of its own carry it. */
  readonly write?: readonly string[];
  /** In answers; the same as `write` where it is not given. */
  readonly read?: readonly string[];
  /** Only a POST takes it. */
  readonly createOnly?: boolean;
  /** Answers do not have it: a call of its own asks for it. */
  readonly isReadApart?: boolean;
  readonly toApi?: (value: Json) => Json;
  readonly fromApi?: (value: Json) => Json | undefined;
  /** What a PATCH says once it is no longer declared; absent where it is then left as it is. */
  readonly cleared?: Json;
}

/** Every input of a resource type that Render's bodies carry, by its name. */
export type BodyFields = Readonly<Record<string, BodyField>>;

/** The body that says these inputs, upon what else it is to say. */
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

/** The part of a PATCH that clears what was declared once and no longer is. */
export function clearingOf(fields: BodyFields, dropped: readonly string[]): JsonObject {
  return dropped.reduce<JsonObject>((at, key) => {
    const { write, cleared } = fields[key] ?? {};
    return write && cleared !== undefined ? withMember(at, write, cleared) : at;
  }, {});
}

/** The inputs that an answer of Render's says; empty text is Render's way to say that there is none. */
export function inputsOf(fields: BodyFields, answer: Json): JsonObject {
  const told = Object.entries(fields).filter(([, field]) => !field.isReadApart);
  const entries = told.map(([key, { write, read = write, fromApi }]) => {
    const value = read && memberAt(answer, read);
    if (value === undefined || value === "") return [key, undefined] as const;
    if (fromApi) return [key, fromApi(value)] as const;
    return [key, value ?? undefined] as const;
  });
  return defined(Object.fromEntries(entries));
}

/** The members that there are. */
export function defined(members: JsonObject): { readonly [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(members).filter((it): it is [string, Json] => it[1] !== undefined),
  );
}

/** Can a PATCH carry this input? */
export function isPatchable(fields: BodyFields, input: string): boolean {
  const field = fields[input];
  return field?.write !== undefined && !field.createOnly;
}

/** Networks that may connect; Render answers `null` for an empty list. */
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

/** The items of a list; Render says `null` for some empty ones. */
export function itemsOf(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? (list as Json[]) : [];
}
