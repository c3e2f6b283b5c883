import { isDeepStrictEqual } from "node:util";
import type { CacheSnapshot } from "../sources/cache.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { loadManifest } from "../contract/load-manifest.ts";
import type { ToggleState } from "../sources/toggles.ts";
import type { ProcessContext, ProcessServices } from "./process.ts";

/** What a reload found. */
export interface Reloaded {
  readonly toggles: readonly ToggleState[];
  /** Caches that are marked stale; each is refreshed at its next use. */
  readonly caches: readonly CacheSnapshot[];
  readonly manifest: ManifestNews;
}

/** What became of the deployed manifest since the process began. */
export interface ManifestNews {
  /** Parts of it that are others than those the process runs with. */
  readonly changed: readonly string[];
  /** Nothing of a manifest is taken over by a process that runs. */
  readonly needsRestart: boolean;
  /** Why the manifest cannot be read, or its problem. */
  readonly problem?: string;
}

/**
 * Reloads what operators change at runtime: all toggles now, each cache at its next use. It also
 * reads the manifest and reports whether a restart is needed.
 */
export async function reload(process: ProcessContext & ProcessServices): Promise<Reloaded> {
  process.caches.expire();
  await process.toggles.reload();
  const manifest = newsOf(process);
  const { changed, problem } = manifest;
  if (problem !== undefined) process.log.warn({ problem }, "the manifest cannot be read again");
  else
    process.log.info(
      { changed },
      changed.length > 0 ? "reloaded: a restart is needed" : "reloaded",
    );
  return { toggles: process.toggles.all(), caches: process.caches.snapshots(), manifest };
}

function newsOf({
  manifest,
  childEnv,
}: Pick<ProcessContext, "manifest" | "childEnv">): ManifestNews {
  try {
    const changed = changedParts(manifest, loadManifest(childEnv));
    return { changed, needsRestart: changed.length > 0 };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { changed: [], needsRestart: false, problem: error.message };
  }
}

function changedParts(before: RuntimeManifest, now: RuntimeManifest): string[] {
  const old: Readonly<Record<string, unknown>> = before;
  const fresh: Readonly<Record<string, unknown>> = now;
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])]
    .filter((part) => !isDeepStrictEqual(old[part], fresh[part]))
    .toSorted();
}
