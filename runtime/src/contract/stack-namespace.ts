import type { RuntimeManifest } from "./manifest.ts";

/**
 * What a stack's names begin with in a store that other stacks may use too: two systems, or
 * production and staging, may share a Postgres or a Redis and have jobs of equal names.
 */
export function stackNamespace({
  system,
  stack,
}: Pick<RuntimeManifest, "system" | "stack">): string {
  return `${system}/${stack}`;
}
