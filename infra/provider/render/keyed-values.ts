import { type Json, type JsonObject, memberAt, objectOf, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";

/** A collection of named texts: environment variables or secret files of a service or env group. */
export interface KeyedCollection {
  /** Name of the input: `env` or `secretFiles`. */
  readonly input: "env" | "secretFiles";
  /** Last segment of the collection's path. */
  readonly segment: "env-vars" | "secret-files";
  /** Envelope, key and value names in Render's bodies. */
  readonly noun: "envVar" | "secretFile";
  readonly key: "key" | "name";
  readonly value: "value" | "content";
}

export const ENV_VARS: KeyedCollection = {
  input: "env",
  segment: "env-vars",
  noun: "envVar",
  key: "key",
  value: "value",
};

export const SECRET_FILES: KeyedCollection = {
  input: "secretFiles",
  segment: "secret-files",
  noun: "secretFile",
  key: "name",
  value: "content",
};

/** A resource that has collections. */
export interface Target {
  readonly client: RenderClient;
  /** `/services/srv-…` or `/env-groups/evg-…`. */
  readonly path: string;
  readonly signal: AbortSignal;
}

export type Texts = Readonly<Record<string, string>>;

/** The collection in Render's list form, with keys and values. */
export function textsFrom({ key, value }: KeyedCollection, items: readonly Json[]): Texts {
  return Object.fromEntries(
    items.map((item) => [
      textOf(memberAt(item, [key]), key),
      textOf(memberAt(item, [value]), value),
    ]),
  );
}

/** The collection in a POST body. */
export function textsBody({ key, value }: KeyedCollection, texts: Json): readonly Json[] {
  return Object.entries(objectOf(texts, "texts")).map(([name, text]) => ({
    [key]: name,
    [value]: text,
  }));
}

/** The declared texts; empty when nothing was declared. */
export function textsOf(value: unknown): Texts {
  return typeof value === "object" && value !== null ? (value as Texts) : {};
}

/** The content of a service's collection; the reads of one operation share the call. */
export async function readTexts(
  collection: KeyedCollection,
  { client, path, signal }: Target,
): Promise<Texts> {
  const list = await client.sharedList(`${path}/${collection.segment}`, collection.noun, signal);
  return textsFrom(collection, list);
}

/** The actual, the wanted and the previously declared texts. */
export interface TextsChange {
  readonly existing: Texts;
  readonly wanted: Texts;
  readonly old: Texts;
}

/**
 * Sets and removes our keys and leaves other keys unchanged.
 *
 * Only differences are written, so that a repeated operation writes only what is missing.
 */
export async function syncTexts(
  collection: KeyedCollection,
  place: Target,
  { existing, wanted, old }: TextsChange,
): Promise<void> {
  for (const [key, value] of Object.entries(wanted)) {
    if (existing[key] !== value) await putText(collection, place, { key, value });
  }
  for (const key of Object.keys(old)) {
    if (key in existing && !(key in wanted)) await deleteText(collection, place, key);
  }
}

/** Removes one text; a missing one is success. */
export async function deleteText(
  { segment, noun }: KeyedCollection,
  { client, path, signal }: Target,
  key: string,
): Promise<void> {
  const item = `${path}/${segment}/${encodeURIComponent(key)}`;
  await client.delete(item, `remove ${noun} "${key}" of ${path}`, signal);
}

/** Sets one text; idempotent. */
export async function putText(
  { segment, noun, value: member }: KeyedCollection,
  { client, path, signal }: Target,
  { key, value }: { key: string; value: string },
): Promise<void> {
  const body: JsonObject = { [member]: value };
  await client.request({
    method: "PUT",
    path: `${path}/${segment}/${encodeURIComponent(key)}`,
    body,
    doing: `set ${noun} "${key}" of ${path}`,
    signal,
  });
}
