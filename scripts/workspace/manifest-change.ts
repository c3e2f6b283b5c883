import { RuntimeManifest } from "@opspec/runtime/contract";
import { isDeepStrictEqual } from "node:util";

/**
 * The differences between two manifests of a process: `job digest-weekdays`, `new job purge`,
 * `disk`.
 *
 * A preview shows a manifest as one changed file; a reviewer needs to know which job changed.
 */
export function manifestChanges(old: RuntimeManifest, now: RuntimeManifest): string[] {
  return [...jobChanges(old.jobs, now.jobs), ...partChanges(old, now)];
}

/** Parses a manifest; `undefined` when this version cannot read it. */
export function manifestFrom(text: unknown): RuntimeManifest | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return RuntimeManifest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

type Jobs = RuntimeManifest["jobs"];

function jobChanges(old: Jobs, now: Jobs): string[] {
  const before = new Map(old.map((it) => [it.name, it]));
  const after = new Map(now.map((it) => [it.name, it]));
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (!was) return [`new job ${name}`];
    if (!is) return [`without job ${name}`];
    return isDeepStrictEqual(was, is) ? [] : [`job ${name}`];
  });
}

/** Everything except the jobs, by the manifest's keys. */
function partChanges(old: RuntimeManifest, now: RuntimeManifest): string[] {
  const parts = (Object.keys(RuntimeManifest.shape) as (keyof RuntimeManifest)[]).filter(
    (it) => it !== "jobs",
  );
  return parts.filter((part) => !isDeepStrictEqual(old[part], now[part]));
}
