import { MANIFEST_FILE, MANIFEST_VERSION, renderManifest } from "@opspec/runtime/contract";
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/index.js";
import { expect, test } from "vitest";
import { renderOutcome } from "./operation.ts";
import { stepsOf } from "./steps.ts";

type Inputs = Record<string, unknown>;

interface Change {
  readonly type: string;
  readonly name: string;
  readonly op?: StepEventMetadata["op"];
  readonly old?: Inputs;
  readonly new?: Inputs;
  /** The differences by path, in Pulumi's form. */
  readonly diff: Record<string, "update" | "update-replace">;
}

function metadataOf({ type, name, op = "update", diff, ...inputs }: Change): StepEventMetadata {
  const urn = `urn:pulumi:s::opspec::${type}::${name}`;
  const state = { type, urn, custom: true, id: `id-of-${name}`, parent: "", outputs: {} };
  return {
    op,
    urn,
    type,
    old: { ...state, provider: "", inputs: inputs.old ?? {} },
    new: { ...state, provider: "", inputs: inputs.new ?? {} },
    detailedDiff: Object.fromEntries(
      Object.entries(diff).map(([path, diffKind]) => [path, { diffKind, inputDiff: true }]),
    ) as StepEventMetadata["detailedDiff"],
    provider: "",
  };
}

function previewOf(...changes: Change[]): string {
  const events = changes.map((it, sequence): EngineEvent => ({
    sequence,
    timestamp: 0,
    resourcePreEvent: { metadata: metadataOf(it) },
  }));
  return renderOutcome(stepsOf(events));
}

function files(...deadlines: number[]): Inputs {
  const jobs = deadlines.map((deadlineSeconds, index) => ({
    name: `job-${index}`,
    uses: "command",
    startedBy: "call" as const,
    deadlineSeconds,
  }));
  const head = { version: MANIFEST_VERSION, runtime: "0.1.0", environment: "staging" } as const;
  const names = { system: "s", stack: "s", process: "web" };
  const content = renderManifest({ ...head, ...names, timezone: "UTC", jobs });
  return { secretFiles: { [MANIFEST_FILE]: content } };
}

/** The links of a service. The ids here are made from the names. */
function linked(...names: string[]): Inputs {
  return { envGroups: names.map((it) => `id-of-${it}`) };
}

const MANIFEST_DIFF = { [`secretFiles["${MANIFEST_FILE}"]`]: "update" } as const;

test("a changed manifest is told by its jobs: a service restarts, a cron job is deployed", () => {
  const change = { old: files(60, 60), new: files(60, 90, 60), diff: MANIFEST_DIFF };

  expect(
    previewOf(
      { type: "render:index:WebService", name: "web", ...change },
      { type: "render:index:CronJob", name: "nightly", ...change },
    ),
  ).toMatchInlineSnapshot(`
    "  ~ update   render:WebService web  secretFiles["opspec-manifest.json"]
          restarts web: manifest changed (job job-1, new job job-2)
      ~ update   render:CronJob nightly  secretFiles["opspec-manifest.json"]
          deploys nightly: manifest changed (job job-1, new job job-2)
      2 change(s)."
  `);
});

test("a manifest that is secret as a whole is no more than a changed file", () => {
  const secret = { secretFiles: "[secret]" };

  expect(
    previewOf({
      type: "render:index:WebService",
      name: "web",
      old: secret,
      new: secret,
      diff: { secretFiles: "update" },
    }),
  ).toMatchInlineSnapshot(`
    "  ~ update   render:WebService web  secretFiles
      1 change(s)."
  `);
});

test("a changed env group names the services that it deploys, and no other", () => {
  expect(
    previewOf(
      { type: "render:index:EnvGroup", name: "shared", diff: { "env.MODE": "update" } },
      {
        type: "render:index:WebService",
        name: "api",
        new: linked("other", "shared"),
        diff: { groupHashes: "update" },
      },
      {
        type: "render:index:WebService",
        name: "web",
        new: linked("shared"),
        diff: { plan: "update" },
      },
    ),
  ).toMatchInlineSnapshot(`
    "  ~ update   render:EnvGroup shared  env.MODE
      ~ update   render:WebService api  groupHashes
          deploys api: env group shared changed
      ~ update   render:WebService web  plan
      3 change(s)."
  `);
});

test("a replacement says why, each reason once", () => {
  expect(
    previewOf({
      type: "render:index:Postgres",
      name: "main",
      op: "replace",
      diff: { region: "update-replace", version: "update-replace", plan: "update" },
    }),
  ).toMatchInlineSnapshot(`
    "  ± replace  render:Postgres main  region (replaces), version (replaces), plan
          replaces main: Render cannot move a datastore to another region
          replaces main: Render's API cannot upgrade a database to another major version
      1 change(s)."
  `);
});

test("a refresh only looks: what it finds restarts nothing", () => {
  const found = metadataOf({
    type: "render:index:WebService",
    name: "web",
    old: files(60),
    new: files(90),
    diff: MANIFEST_DIFF,
  });
  const { steps } = stepsOf([
    { sequence: 0, timestamp: 0, resourcePreEvent: { metadata: { ...found, op: "refresh" } } },
    { sequence: 1, timestamp: 0, resOutputsEvent: { metadata: found } },
  ]);

  expect(steps).toMatchObject([{ op: "update", name: "web" }]);
  expect(steps[0]).not.toHaveProperty("says");
});
