import { MANIFEST_VERSION, renderManifest, type RuntimeManifest } from "@opspec/runtime/contract";
import { expect, test } from "vitest";
import { manifestChanges, manifestFrom } from "./manifest-change.ts";

const MANIFEST: RuntimeManifest = {
  version: MANIFEST_VERSION,
  runtime: "0.1.0",
  system: "shop",
  stack: "shop",
  environment: "production",
  process: "web",
  timezone: "UTC",
  disk: { mount: "/var/data", persist: ["logs"] },
  jobs: [
    { name: "digest", uses: "digest", startedBy: "call" },
    { name: "purge", uses: "purge", startedBy: "schedule", deadlineSeconds: 60 },
  ],
};

test.each<[string, Partial<RuntimeManifest>, string[]]>([
  ["nothing", {}, []],
  [
    "one job",
    {
      jobs: MANIFEST.jobs.map((it) => (it.name === "purge" ? { ...it, deadlineSeconds: 90 } : it)),
    },
    ["job purge"],
  ],
  ["the order of jobs", { jobs: MANIFEST.jobs.toReversed() }, []],
  [
    "a job for another",
    { jobs: [{ name: "backup", uses: "backup", startedBy: "call" }, ...MANIFEST.jobs.slice(1)] },
    ["new job backup", "without job digest"],
  ],
  [
    "disk and zone",
    { timezone: "Europe/Berlin", disk: { mount: "/var/data", persist: [] } },
    ["timezone", "disk"],
  ],
  [
    "switches and stores",
    {
      toggles: [{ name: "off", reader: { kind: "env", name: "OFF" } }],
      stores: { records: { kind: "postgres", urlEnv: "DATABASE_URL" } },
    },
    ["toggles", "stores"],
  ],
  ["a disk that goes", { disk: undefined }, ["disk"]],
])("what changed is named: %s", (_what, change, words) => {
  expect(manifestChanges(MANIFEST, { ...MANIFEST, ...change })).toEqual(words);
});

test("a manifest is read from its file, and what cannot be read is not guessed", () => {
  expect(manifestFrom(renderManifest(MANIFEST))).toEqual(MANIFEST);
  expect(manifestFrom("[secret]")).toBeUndefined();
  expect(manifestFrom('{"version":2}')).toBeUndefined();
  expect(manifestFrom({ "4dabf18193072939515e22adb298388d": "1b47" })).toBeUndefined();
});
