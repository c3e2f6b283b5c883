import type { RuntimeManifest } from "@opspec/runtime/contract";
import type { Reference } from "../spec/reference.ts";
import type { ServiceSpec } from "../spec/service.ts";
import type { StackSpec } from "../spec/stack.ts";
import type { ServiceStoresSpec } from "../spec/stores.ts";
import type { Binding } from "./binding.ts";
import { RUNTIME_DISK_DIR } from "./defaults.ts";
import { given } from "./keyed.ts";

type ManifestStores = NonNullable<RuntimeManifest["stores"]>;
type Records = NonNullable<ServiceStoresSpec["records"]>;
type Coordination = NonNullable<ServiceStoresSpec["coordination"]>;

/**
 * What a process remembers, and where: what its service says, else its stack, else its own disk.
 *
 * A disk belongs to one instance that stops before the next one starts, so a lock in a file on it
 * is enough there.
 */
export function manifestStores(
  spec: StackSpec,
  service: ServiceSpec | undefined,
  binding: Binding,
): ManifestStores | undefined {
  const { disk, stores } = service ?? {};
  const own = disk ? `${disk.mount}/${RUNTIME_DISK_DIR}` : undefined;
  const records =
    stores?.records ??
    spec.stores?.records ??
    (own === undefined ? undefined : { file: `${own}/runs.jsonl` });
  const coordination =
    stores?.coordination ??
    spec.stores?.coordination ??
    (own === undefined ? undefined : { directory: `${own}/locks` });
  const found = given({
    records: records && manifestRecords(records, binding),
    keepRecords: stores?.keep ?? spec.stores?.keep,
    coordination: coordination && manifestCoordination(coordination, binding),
    history: stores?.history && given({ path: stores.history.file, names: stores.history.names }),
  });
  return Object.keys(found).length > 0 ? found : undefined;
}

function manifestRecords(store: Records, binding: Binding): NonNullable<ManifestStores["records"]> {
  if ("file" in store) return { kind: "file", path: store.file };
  if ("sqlite" in store) return { kind: "sqlite", path: store.sqlite };
  return sharedStore(store, binding);
}

function manifestCoordination(
  store: Coordination,
  binding: Binding,
): NonNullable<ManifestStores["coordination"]> {
  if ("directory" in store) return { kind: "file", path: store.directory };
  return sharedStore(store, binding);
}

function sharedStore(
  store: Extract<Reference, { database: string } | { keyValue: string }>,
  binding: Binding,
): { kind: "postgres" | "redis"; urlEnv: string } {
  return { kind: "database" in store ? "postgres" : "redis", urlEnv: binding.nameOf(store) };
}
