import type { Change } from "../kit/diff.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { type Json, memberAt, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";

/** A collection of named texts below a service: its environment variables or its secret files. */
export interface KeyedCollection {
  /** Name of the input: `env` or `secretFiles`. */
  readonly input: "env" | "secretFiles";
  /** Last part of the collection's path. */
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

export interface Target {
  readonly client: RenderClient;
  readonly serviceId: string;
  readonly signal: AbortSignal;
}

export type Texts = Readonly<Record<string, string>>;

/** What the collection holds now. */
export async function readTexts(collection: KeyedCollection, target: Target): Promise<Texts> {
  const path = `/services/${target.serviceId}/${collection.segment}`;
  const items = await target.client.list(path, collection.noun, target.signal);
  return Object.fromEntries(
    items.map((item) => [
      textOf(memberAt(item, [collection.key]), collection.key),
      textOf(memberAt(item, [collection.value]), collection.value),
    ]),
  );
}

/** The collection in the body of a POST /services. */
export function textsBody(collection: KeyedCollection, texts: Texts): Json {
  return Object.entries(texts).map(([key, value]) => ({
    [collection.key]: key,
    [collection.value]: value,
  }));
}

/**
 * Makes our keys say what is wanted, and leaves the keys of others alone.
 *
 * What is there is looked at first, so that a second run after an interruption writes only what is missing.
 */
export async function syncTexts(
  collection: KeyedCollection,
  target: Target,
  { wanted, dropped }: { wanted: Texts; dropped: readonly string[] },
): Promise<void> {
  const existing = await readTexts(collection, target);
  for (const [key, value] of Object.entries(wanted)) {
    if (existing[key] !== value) await putText(collection, target, { key, value });
  }
  for (const key of dropped) {
    if (key in existing && !(key in wanted)) {
      const path = `/services/${target.serviceId}/${collection.segment}/${encodeURIComponent(key)}`;
      await target.client.delete(path, `remove ${collection.noun} "${key}"`, target.signal);
    }
  }
}

/** The keys that the program no longer declares. */
export function droppedKeys(
  collection: KeyedCollection,
  changes: readonly Change[],
  olds: TreeObject,
): string[] {
  const whole = changes.some(
    (it) => it.path.length === 1 && it.path[0] === collection.input && it.kind === "delete",
  );
  const old = olds[collection.input];
  if (whole && typeof old === "object" && old !== null) return Object.keys(old);
  return changes
    .filter((it) => it.path.length === 2 && it.path[0] === collection.input && it.kind === "delete")
    .map((it) => String(it.path[1]));
}

async function putText(
  collection: KeyedCollection,
  { client, serviceId, signal }: Target,
  { key, value }: { key: string; value: string },
): Promise<void> {
  await client.request({
    method: "PUT",
    path: `/services/${serviceId}/${collection.segment}/${encodeURIComponent(key)}`,
    body: { [collection.value]: value },
    doing: `set ${collection.noun} "${key}" of ${serviceId}`,
    signal,
  });
}
