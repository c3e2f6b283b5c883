import { joinPath, type Locations, type SpecDocument } from "./document.ts";

/**
 * Parents of values that are replaced as a whole, because merging two forms of one (a repo with an
 * image, a secret with a URL) makes no sense.
 */
const WHOLE_BELOW = ["env", "checks", "toggles", "caches", "gates", "channels", "rules"];

/** Keys whose value is replaced as a whole, for the same reason. */
const WHOLE = ["source", "schedule", "lock", "supervise", "records", "coordination"];

/**
 * Merges a document over the one that it extends. Its values win, and every part keeps its place.
 */
export function extendDocument(base: SpecDocument, own: SpecDocument): SpecDocument {
  return {
    value: merge(base.value, own.value, ""),
    isReadable: base.isReadable && own.isReadable,
    places: mergePlaces(base.places, own.places),
    problems: [...base.problems, ...own.problems],
  };
}

function merge(base: unknown, own: unknown, path: string): unknown {
  if (!isBlock(base) || !isBlock(own) || isWhole(path)) return own;
  const merged = new Map<string, unknown>(Object.entries(base));
  for (const [key, value] of Object.entries(own)) {
    if (value === null) merged.delete(key);
    else
      merged.set(key, merged.has(key) ? merge(merged.get(key), value, joinPath(path, key)) : value);
  }
  return Object.fromEntries(merged);
}

function isWhole(path: string): boolean {
  const [key = "", parent = ""] = path.split("/").toReversed();
  return WHOLE.includes(key) || WHOLE_BELOW.includes(parent);
}

function mergePlaces(base: Locations, own: Locations): Locations {
  return new Map([...base, ...own]);
}

function isBlock(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
