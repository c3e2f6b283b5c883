import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, type TestContext } from "vitest";

import type { ManifestStores } from "../src/contract/store.ts";
import type { LeaseStore } from "../src/state/leases.ts";
import { openState } from "../src/state/state-store.ts";
import { NO_LOG } from "./no-log.ts";
import { usePostgres, useRedis } from "./servers.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

export type CoordinationKind = "sqlite" | "postgres" | "redis";

/** A coordination store that processes of a test share, as a manifest and an environment. */
export interface CoordinationPlace {
  readonly stores: Pick<ManifestStores, "coordination" | "records">;
  readonly url: string;
  readonly directory: string;
  /** The port of the server; none for SQLite. */
  readonly port: number | undefined;
}

/** Creates empty stores of each kind for the tests of one file. */
export function useCoordinationPlaces(): (
  kind: CoordinationKind,
  context: TestContext,
) => Promise<CoordinationPlace> {
  const postgres = usePostgres();
  const redis = useRedis();
  const root = mkdtempSync(join(tmpdir(), "opspec-locks-"));
  afterAll(() => rmSync(root, { recursive: true }));
  return async (kind, context) => {
    const directory = join(root, randomUUID());
    if (kind === "sqlite") {
      const stores = {
        coordination: { kind, path: "state.db" },
        records: { kind, path: "state.db" },
      };
      return { stores, url: "", directory, port: undefined };
    }
    const coordination = { kind, urlEnv: "STORE_URL" };
    if (kind === "postgres") {
      const stores = { coordination, records: { kind, urlEnv: "STORE_URL" } };
      const server = await postgres(context);
      return { stores, url: await server.freshDatabase(), directory, port: server.port };
    }
    const server = await redis(context);
    const stores = { coordination, records: { kind: "sqlite" as const, path: "state.db" } };
    return { stores, url: server.freshDatabase(), directory, port: server.port };
  };
}

/** Opens it for this process until the test ends. */
export async function openAt(
  { stores, url, directory }: CoordinationPlace,
  context: TestContext,
): Promise<LeaseStore> {
  const manifest = { system: "shop", stack: "shop", stores };
  const state = await openState(manifest, { env: { STORE_URL: url }, directory, log: NO_LOG });
  if (!state.leases) throw new Error("unreachable: every place has leases");
  context.onTestFinished(() => state.close());
  return state.leases;
}

/** The same store through a proxy that can be cut. */
export async function behindProxy(
  place: CoordinationPlace,
  context: TestContext,
): Promise<{ place: CoordinationPlace; proxy: TcpProxy }> {
  const proxy = await startTcpProxy(place.port ?? 0);
  context.onTestFinished(() => proxy.close());
  const url = new URL(place.url);
  url.port = String(proxy.port);
  return { place: { ...place, url: url.href }, proxy };
}
