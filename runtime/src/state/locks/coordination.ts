import { resolve } from "node:path";

import type { ManifestStores } from "../../contract/store.ts";
import type { Coordination } from "../coordination.ts";
import type { Env } from "../../contract/env.ts";

/**
 * Where the manifest says that several processes agree; undefined where it says nothing.
 *
 * @param directory where a relative path begins
 */
export async function openCoordination(
  stores: Pick<ManifestStores, "coordination"> | undefined,
  env: Env,
  directory: string,
): Promise<Coordination | undefined> {
  const place = stores?.coordination;
  switch (place?.kind) {
    case undefined:
      return undefined;
    case "file": {
      const { openFileCoordination } = await import("./file-coordination.ts");
      return openFileCoordination(resolve(directory, place.path));
    }
    case "postgres": {
      const { openPostgresCoordination } = await import("./postgres-coordination.ts");
      return await openPostgresCoordination(place.urlEnv, env);
    }
    case "redis": {
      const { openRedisCoordination } = await import("./redis-coordination.ts");
      return await openRedisCoordination(place.urlEnv, env);
    }
  }
}
