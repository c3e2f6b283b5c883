import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RUNTIME_VERSION } from "../version.ts";
import { ConfigurationError, problemsOf } from "./configuration-error.ts";
import { loadManifest, parseManifest } from "./load-manifest.ts";

const MANIFEST = {
  version: 1,
  runtime: RUNTIME_VERSION,
  system: "shop",
  stack: "shop",
  environment: "production",
  process: "web",
  timezone: "UTC",
  jobs: [{ name: "trim", uses: "command", startedBy: "schedule", command: "true" }],
};

test("a manifest is read from the file that OPSPEC_MANIFEST names", () => {
  const path = join(mkdtempSync(join(tmpdir(), "opspec-")), "manifest.json");
  writeFileSync(path, JSON.stringify(MANIFEST));

  expect(loadManifest({ OPSPEC_MANIFEST: path })).toEqual(MANIFEST);
});

test.each([
  [{}, "OPSPEC_MANIFEST: is not set. Set it to the path of the deployed manifest."],
  [
    { OPSPEC_MANIFEST: "/nowhere/manifest.json" },
    "OPSPEC_MANIFEST: /nowhere/manifest.json cannot be read (ENOENT). Deploy the stack again, or mount the file.",
  ],
])("a manifest that is not there is refused with what to do: %o", (env, message) => {
  expect(() => loadManifest(env)).toThrow(message);
});

test.each([
  [2, "Deploy a newer runtime (runtimeSource)."],
  [0, "Deploy the stack again with the opspec that belongs to this runtime."],
])("a manifest of version %i is refused with what to do", (version, remedy) => {
  const message = `version: the manifest has version ${version}, and runtime ${RUNTIME_VERSION} reads version 1. ${remedy}`;

  expect(() => parseManifest({ ...MANIFEST, version, shape: "unknown" })).toThrow(message);
});

test.each([
  ["0.2.0", "Deploy a newer runtime (runtimeSource)."],
  ["1.0.0", "Deploy a newer runtime (runtimeSource)."],
])("a runtime that is older than the manifest's %s refuses it", (runtime, remedy) => {
  expect(() => parseManifest({ ...MANIFEST, runtime })).toThrow(
    `runtime: the manifest was made for runtime ${runtime}, and this is ${RUNTIME_VERSION}. ${remedy}`,
  );
});

test("every problem of a manifest is told at once, with its place and what to do", () => {
  const jobs = [
    { name: "a", uses: "trimm", startedBy: "schedule" },
    { name: "a", uses: "purge", startedBy: "schedule", options: { retentionDays: 0, extra: 1 } },
    { name: "b", uses: "command", startedBy: "process", toggles: ["sending"] },
    {
      name: "c",
      uses: "command",
      startedBy: "process",
      schedule: { pattern: "0 25 * * *", timezone: "UTC" },
    },
  ];

  const parse = () => parseManifest({ ...MANIFEST, jobs });

  expect(parse).toThrow(ConfigurationError);
  expect(toldBy(parse)).toEqual([
    ["jobs/a/uses", expect.stringMatching(/^there is no job "trimm"/)],
    ["jobs/a", "exists twice."],
    ["jobs/a/options/tables", "is missing."],
    ["jobs/a/options/retentionDays", "has an invalid value: it should be at least 1."],
    ["jobs/a/options/extra", '"purge" has no such option.'],
    ["jobs/b/toggles", 'there is no toggle "sending".'],
    ["jobs/c/schedule", expect.stringContaining("25")],
  ]);
});

test("a wrong shape is told by its path", () => {
  const jobs = [{ name: "a", uses: "command", startedBy: "nobody", deadlineSeconds: "5" }];

  expect(toldBy(() => parseManifest({ ...MANIFEST, jobs, colour: "red" }))).toEqual([
    ["jobs/0/startedBy", "it should be schedule or call or process or app or elsewhere."],
    ["jobs/0/deadlineSeconds", "it should be a number."],
    ["colour", "is not a key that this runtime knows."],
  ]);
});

function toldBy(parse: () => unknown): (readonly [string, string])[] {
  return problemsOf(parse).map(({ where, message }) => [where, message]);
}
