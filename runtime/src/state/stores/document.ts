import { randomInt } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RuntimeManifest, stackNamespace } from "../../contract/manifest.ts";
import type { Env } from "../../contract/env.ts";

/** One text that several processes read and change. */
export interface SharedDocument {
  /** Whether it outlives this process. */
  readonly isKept: boolean;
  /** The text and the number of its version; version 0 and no text before it was first written. */
  read(): Promise<VersionedText>;
  /** Writes the next version; false when somebody else wrote it meanwhile. */
  replace(version: number, text: string): Promise<boolean>;
  close(): Promise<void>;
}

/** A text as it was at some time. */
export interface VersionedText {
  readonly version: number;
  readonly text: string | undefined;
}

/** Somebody else may write first; each time one of them gets on. */
const ATTEMPTS_MAX = 100;

/** Longest pause before it is tried again, so that several do not go on in step. */
const PAUSE_MS_MAX = 20;

/**
 * Changes the text, however many do so at once. `change` is called again when somebody else wrote
 * meanwhile, so it must have no other effect. Without a text from it nothing is written.
 */
export async function changeDocument<T>(
  document: SharedDocument,
  change: (text: string | undefined) => { readonly text?: string | undefined; readonly result: T },
): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const before = await document.read();
    const { text, result } = change(before.text);
    if (text === undefined || (await document.replace(before.version, text))) return result;
    await sleep(randomInt(PAUSE_MS_MAX));
  }
  throw new Error("a shared document is changed all the time");
}

/**
 * Beside a file of records, or in a directory of leases. Files alone cannot tell a writer that he
 * comes too late, without a lock that a killed process would keep.
 */
const DATABASE = "opspec-documents.db";

/**
 * A document where the manifest keeps its run records, else where its processes agree; without any
 * store it lasts as long as the process.
 *
 * @param name what it is, of letters and hyphens
 */
export async function openDocument(
  manifest: Pick<RuntimeManifest, "system" | "stack" | "stores">,
  { env, directory }: { readonly env: Env; readonly directory: string },
  name: string,
): Promise<SharedDocument> {
  const { records, coordination } = manifest.stores ?? {};
  const store = records ?? coordination;
  const place = `${stackNamespace(manifest)}/${name}`;
  switch (store?.kind) {
    case undefined: {
      const { openMemoryDocument } = await import("./memory-document.ts");
      return openMemoryDocument();
    }
    case "file": {
      const { openSqliteDocument } = await import("./sqlite-document.ts");
      const path = resolve(directory, store.path);
      return openSqliteDocument(join(store === records ? dirname(path) : path, DATABASE), name);
    }
    case "sqlite": {
      const { openSqliteDocument } = await import("./sqlite-document.ts");
      return openSqliteDocument(resolve(directory, store.path), name);
    }
    case "postgres": {
      const { openPostgresDocument } = await import("./postgres-document.ts");
      return await openPostgresDocument(store.urlEnv, env, place);
    }
    case "redis": {
      const { openRedisDocument } = await import("./redis-document.ts");
      return await openRedisDocument(store.urlEnv, env, place);
    }
  }
}
