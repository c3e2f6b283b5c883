import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Entry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const text = readFileSync(join(import.meta.dirname, "..", "package-lock.json"), "utf8");
const packages: Readonly<Record<string, Entry>> = JSON.parse(text).packages;

test("the lock file names no registry, so every machine uses its own", () => {
  const hosts = Object.values(packages).filter(({ resolved }) => resolved?.includes("://"));

  expect(hosts).toEqual([]);
});

// `npm install` leaves out packages that its registry lacks, and `npm ci` then refuses the lock file.
test("every optional dependency of every platform has an entry", () => {
  const names = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, "")));
  const wanted = Object.values(packages).flatMap((it) =>
    Object.keys(it.optionalDependencies ?? {}),
  );

  expect(wanted.filter((name) => !names.has(name))).toEqual([]);
});
