import type { RuntimeManifest } from "@opspec/runtime/contract";
import type { ServiceSpec } from "../spec/service.ts";
import type { StackSpec } from "../spec/stack.ts";
import type { ServiceStoresSpec } from "../spec/stores.ts";
import type { Binding } from "./binding.ts";
import { RUNTIME_DISK_DIR } from "./defaults.ts";
import { given } from "./keyed.ts";

type ManifestStores = NonNullable<RuntimeManifest["stores"]>;
type Records = NonNullable<ServiceStoresSpec["records"]>;

/**
 * The state store of a process: the service's, else the stack's, else a SQLite file on its disk.
 *
 * A disk belongs to one instance, which stops before the next one starts, so leases in a file on
 * the disk are sufficient.
 */
export function manifestStores(
  spec: StackSpec,
  service: ServiceSpec | undefined,
  binding: Binding,
): ManifestStores | undefined {
  const { disk, stores } = service ?? {};
  const own = disk && { sqlite: `${disk.mount}/${RUNTIME_DISK_DIR}/state.db` };
  const records = stores?.records ?? spec.stores?.records ?? own;
  const coordination = stores?.coordination ?? spec.stores?.coordination ?? own;
  const found = given({
    records: records && sqlStore(records, binding),
    keepRecords: stores?.keep ?? spec.stores?.keep,
    coordination:
      coordination && "keyValue" in coordination
        ? { kind: "redis" as const, urlEnv: binding.nameOf(coordination) }
        : coordination && sqlStore(coordination, binding),
    history: stores?.history && given({ path: stores.history.file, names: stores.history.names }),
  });
  return Object.keys(found).length > 0 ? found : undefined;
}

function sqlStore(store: Records, binding: Binding): NonNullable<ManifestStores["records"]> {
  return "sqlite" in store
    ? { kind: "sqlite", path: store.sqlite }
    : { kind: "postgres", urlEnv: binding.nameOf(store) };
}
