import { resolve } from "node:path";

import { type RuntimeManifest, stackNamespace } from "../../contract/manifest.ts";
import type { RecordStore } from "../../contract/run-record.ts";
import type { Env } from "../../contract/env.ts";

/** Records of one job that are kept where the manifest does not say. */
const KEEP_RECORDS = 500;

/**
 * The store that the manifest names; without one, records last as long as the process. In a
 * Postgres or a Redis a stack sees its own records only.
 *
 * @param directory where relative paths begin
 */
export async function openRecordStore(
  manifest: Pick<RuntimeManifest, "system" | "stack" | "stores">,
  env: Env,
  directory: string,
): Promise<RecordStore> {
  const { records, keepRecords = KEEP_RECORDS } = manifest.stores ?? {};
  const shared = { namespace: stackNamespace(manifest), keepRecords };
  switch (records?.kind) {
    case undefined: {
      const { openMemoryRecords } = await import("./memory-records.ts");
      return openMemoryRecords(keepRecords);
    }
    case "file": {
      const { openFileRecords } = await import("./file-records.ts");
      return openFileRecords(resolve(directory, records.path), keepRecords);
    }
    case "sqlite": {
      const { openSqliteRecords } = await import("./sqlite-records.ts");
      return await openSqliteRecords(resolve(directory, records.path), keepRecords);
    }
    case "postgres": {
      const { openPostgresRecords } = await import("./postgres-records.ts");
      return await openPostgresRecords(records.urlEnv, env, shared);
    }
    case "redis": {
      const { openRedisRecords } = await import("./redis-records.ts");
      return await openRedisRecords(records.urlEnv, env, shared);
    }
  }
}
