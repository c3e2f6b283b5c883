import { expect, test } from "vitest";
import * as cloudDisks from "../infra/local-cloud/render/disks.ts";
import * as cloudServices from "../infra/local-cloud/render/service-types.ts";
import * as facts from "../infra/resources/facts.ts";

// The import rules separate these, because the local cloud stands for Render.
test.each([
  ["directories without disks", facts.BANNED_MOUNTS, cloudDisks.BANNED_MOUNTS],
  ["the port of a service", facts.DEFAULT_PORT, cloudServices.SERVICE_PORT],
])("both sides agree on %s", (_fact, ours, theirs) => {
  expect(theirs).toEqual(ours);
});
