import type { RuntimeManifest } from "@opspec/runtime/contract";
import type { DataSourceSpec } from "../spec/data-source.ts";
import type { JobSpec } from "../spec/job.ts";
import type { StackSpec } from "../spec/stack.ts";
import type { ToggleSpec } from "../spec/toggle.ts";
import type { Binding } from "./binding.ts";
import { seconds } from "./duration.ts";
import { given } from "./keyed.ts";

type ManifestToggle = NonNullable<RuntimeManifest["toggles"]>[number];
type ManifestCache = NonNullable<RuntimeManifest["caches"]>[number];

/** The toggles of a process: those of its jobs and of its app. */
export interface Asked {
  readonly jobs: readonly JobSpec[];
  readonly toggles?: readonly string[] | undefined;
  readonly caches?: readonly string[] | undefined;
}

/** Toggles and caches of one process, by name; only those that it uses. */
export function manifestSources(
  spec: StackSpec,
  asked: Asked,
  binding: Binding,
): Pick<RuntimeManifest, "toggles" | "caches"> {
  const names = new Set([
    ...asked.jobs.flatMap((it) => it.toggles ?? []),
    ...(asked.toggles ?? []),
  ]);
  const declared = [...names].flatMap((name) => {
    const toggle = spec.toggles?.[name];
    return toggle ? [manifestToggle(name, toggle, binding)] : [];
  });
  const markers = new Set(asked.jobs.flatMap((it) => it.disabledBy ?? []));
  const toggles = [...declared, ...[...markers].map(markerToggle)].toSorted(byName);
  const caches = [...new Set(asked.caches)]
    .flatMap((name) => manifestCache(name, spec, binding))
    .toSorted(byName);
  return {
    ...(toggles.length > 0 ? { toggles } : {}),
    ...(caches.length > 0 ? { caches } : {}),
  };
}

/** A marker file is a toggle with its path as the name. */
function markerToggle(path: string): ManifestToggle {
  return { name: path, reader: { kind: "marker", path } };
}

function manifestToggle(name: string, toggle: ToggleSpec, binding: Binding): ManifestToggle {
  const { whenMissing, whenUnreachable, ttl } = toggle;
  return {
    name,
    reader: toggleReader(toggle, binding),
    ...given({ whenMissing, whenUnreachable, ttlSeconds: seconds(ttl) }),
  };
}

function toggleReader(toggle: ToggleSpec, binding: Binding): ManifestToggle["reader"] {
  if ("marker" in toggle) return { kind: "marker", path: toggle.marker };
  if ("env" in toggle) return { kind: "env", name: toggle.env };
  if ("redis" in toggle) {
    return { kind: "redis", urlEnv: binding.nameOf(toggle.redis), key: toggle.key };
  }
  if ("sql" in toggle) {
    return { kind: "sql", urlEnv: binding.nameOf(toggle.sql), query: toggle.query };
  }
  if ("sqlite" in toggle) return { kind: "sql", path: toggle.sqlite, query: toggle.query };
  const { table, key, keyColumn, valueColumn } = toggle;
  const source = manifestSource(table, binding);
  return { kind: "table", source, key, ...given({ keyColumn, valueColumn }) };
}

function manifestCache(name: string, spec: StackSpec, binding: Binding): ManifestCache[] {
  const cache = spec.caches?.[name];
  if (!cache) return [];
  const source = manifestSource(cache.source, binding);
  const retrySeconds = seconds(cache.retry);
  return [{ name, source, ttlSeconds: seconds(cache.ttl), ...given({ retrySeconds }) }];
}

function manifestSource(source: DataSourceSpec, binding: Binding): ManifestCache["source"] {
  if ("file" in source) {
    return { kind: "file", path: source.file, ...given({ format: source.format }) };
  }
  if ("sql" in source) {
    return { kind: "sql", urlEnv: binding.nameOf(source.sql), query: source.query };
  }
  if ("sqlite" in source) return { kind: "sql", path: source.sqlite, query: source.query };
  if ("http" in source) {
    const tokenEnv = source.token && binding.nameOf(source.token);
    const where =
      typeof source.http === "string"
        ? { url: source.http }
        : { urlEnv: binding.nameOf(source.http) };
    return { kind: "http", ...where, ...given({ tokenEnv }) };
  }
  return {
    kind: "sheet",
    sheetEnv: binding.nameOf(source.sheet),
    range: source.range,
    credentialsEnv: binding.nameOf(source.credentials),
    ...given({ baseUrlEnv: source.baseUrl && binding.nameOf(source.baseUrl) }),
  };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
