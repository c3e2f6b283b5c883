import type { z } from "zod";
import { expect, test } from "vitest";
import { type ResourceContract, rulesOf } from "../contract.ts";
import { BackgroundWorker } from "./background-worker.ts";
import { CronJob } from "./cron-job.ts";
import { EnvGroup } from "./env-group.ts";
import { Environment } from "./environment.ts";
import { KeyValue } from "./key-value.ts";
import { Postgres } from "./postgres.ts";
import { PrivateService } from "./private-service.ts";
import { Project } from "./project.ts";
import { RegistryCredential } from "./registry-credential.ts";
import { ServiceEnv } from "./service-env.ts";
import { StaticSite } from "./static-site.ts";
import { WebService } from "./web-service.ts";

const CONTRACTS: readonly (readonly [ResourceContract, readonly string[], readonly string[]])[] = [
  [WebService, ["ownerId", "region"], []],
  [PrivateService, ["ownerId", "region"], []],
  [BackgroundWorker, ["ownerId", "region"], []],
  [CronJob, ["ownerId", "region"], []],
  [StaticSite, ["ownerId"], []],
  [ServiceEnv, ["serviceId"], []],
  [EnvGroup, ["ownerId"], ["contentHash"]],
  [Project, ["ownerId"], []],
  [Environment, ["projectId"], []],
  [
    Postgres,
    ["databaseName", "databaseUser", "ownerId", "region", "version"],
    ["externalUrl", "internalUrl", "password"],
  ],
  [KeyValue, ["ownerId", "region"], ["externalUrl", "internalUrl"]],
  [RegistryCredential, ["ownerId"], []],
];

test.each(CONTRACTS)(
  "$token is replaced by what Render cannot change, and hides its secrets",
  (...row) => {
    const [contract, replacing, secrets] = row;

    expect(fieldsWith(contract.inputs, "replaces")).toEqual(replacing);
    expect(fieldsWith(contract.outputs, "secret")).toEqual(secrets);
  },
);

test.each(CONTRACTS)(
  "no output of $token hides an input of the same name",
  ({ inputs, outputs }) => {
    expect(Object.keys(outputs.shape).filter((key) => key in inputs.shape)).toEqual([]);
  },
);

test.each(CONTRACTS)(
  "$token is deleted before it is replaced: a second one would be taken for the first",
  (contract) => {
    expect(contract.deleteBeforeReplace).toBe(true);
  },
);

const web = {
  name: "shop",
  ownerId: "tea-1",
  region: "oregon",
  plan: "starter",
  runtime: "python",
  repo: "https://github.com/example/shop",
  buildCommand: "make",
  startCommand: "run",
};
const disk = { name: "data", mountPath: "/var/data", sizeGb: 1 };

test.each([
  [{ disk, numInstances: 2 }, "numInstances", "a service with a disk has one instance."],
  [
    { disk, autoscaling: { min: 1, max: 2 } },
    "autoscaling",
    "a service with a disk has one instance.",
  ],
  [{ autoscaling: { min: 3, max: 2 } }, "autoscaling/max", "is smaller than min, got 2 < 3."],
  [
    { disk: { ...disk, mountPath: "/etc/" } },
    "disk/mountPath",
    "is a directory that Render reserves",
  ],
  [{ startCommand: undefined }, "startCommand", 'is missing: the runtime "python" needs it.'],
  [{ runtime: "image" }, "image", 'is missing: the runtime "image" needs it.'],
  [{ domains: ["Example.com"] }, "domains/0", "should be in lower case"],
])("what Render would refuse is refused before: %j", (part, path, message) => {
  const issues = WebService.inputs.safeParse({ ...web, ...part }).error?.issues ?? [];

  expect(issues.map((it) => `${it.path.join("/")}: ${it.message}`)).toEqual([
    expect.stringContaining(`${path}: ${message}`),
  ]);
});

function fieldsWith(schema: z.ZodObject, rule: "replaces" | "secret"): string[] {
  return Object.entries(schema.shape)
    .filter(([, child]) => rulesOf(child as z.ZodType)[rule])
    .map(([key]) => key)
    .toSorted();
}
