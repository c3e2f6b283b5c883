/**
 * The engine version of this project: that of its @pulumi/pulumi.
 *
 * A test compares it with `package.json` and `go/go.mod`.
 */
export const ENGINE_VERSION = "3.259.0";

/** Why an engine of this version cannot be used; undefined when it can: the same major, not older. */
export function versionComplaint(version: string): string | undefined {
  const found = parseVersion(version);
  const wanted = parseVersion(ENGINE_VERSION);
  if (!found || !wanted) return `reports "${version}", which is not a version`;
  if (found[0] !== wanted[0]) return `is ${version}, not of major version ${wanted[0]}`;
  return isOlder(found, wanted) ? `is ${version}, older than ${ENGINE_VERSION}` : undefined;
}

type Version = readonly [number, number, number];

/** The three numbers of `v3.259.0`, `go1.26.8` or `3.260.0-dev`; a missing number is 0. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text.trim());
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

/** Whether the first version comes before the second. */
export function isOlder(one: Version, other: Version): boolean {
  const [a, b, c] = one;
  const [x, y, z] = other;
  return (a - x || b - y || c - z) < 0;
}
