import type { RuntimeManifest } from "../contract/manifest.ts";
import { extname, isAbsolute, join, normalize, resolve } from "node:path";

/** A path of the app that lives on the disk. */
export interface PersistedPath {
  /** As the spec says it. */
  readonly path: string;
  /** Where the app looks. */
  readonly link: string;
  /** Where the data is. */
  readonly target: string;
  /** What it is when neither side has it yet. */
  readonly kind: "directory" | "file";
  /** Its presence says something, so an app that deletes it means it. */
  readonly isMarker: boolean;
}

/**
 * The persisted paths of a process; one inside another persisted directory needs no link of its own.
 *
 * What exists on one of the two sides says later whether it is a file. Until then the manifest does:
 * a marker or a path with an extension is a file, anything else a directory.
 */
export function persistedPaths(manifest: RuntimeManifest, directory: string): PersistedPath[] {
  const { disk } = manifest;
  if (!disk) return [];
  const markers = new Set(markerPaths(manifest).map((path) => resolve(directory, path)));
  const paths = [...new Set(disk.persist.map((path) => normalize(path).replace(/\/+$/, "")))];
  const outermost = paths.filter(
    (path) => !paths.some((other) => other !== path && path.startsWith(`${other}/`)),
  );
  return outermost.toSorted().map((path) => {
    const link = resolve(directory, path);
    const isMarker = markers.has(link);
    const isFile = isMarker || extname(path) !== "";
    return {
      path,
      link,
      target: join(disk.mount, path),
      kind: isFile ? "file" : "directory",
      isMarker,
    };
  });
}

/** Paths that do not stay inside the app's directory and the disk. */
export function strayPaths(persist: readonly string[]): string[] {
  return persist.filter((path) => {
    const normal = normalize(path);
    return isAbsolute(path) || normal === "." || normal === "./" || normal.split("/")[0] === "..";
  });
}

function markerPaths(manifest: RuntimeManifest): string[] {
  const toggles = (manifest.toggles ?? []).flatMap(({ reader }) =>
    reader.kind === "marker" ? [reader.path] : [],
  );
  return [...toggles, ...manifest.jobs.flatMap(({ silencedBy }) => silencedBy ?? [])];
}
