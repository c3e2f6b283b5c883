import { expect, test } from "vitest";
import { refreshRequestOf } from "./refresh-request.ts";

test.each([
  ["manual ana", { trigger: "manual", actor: "ana" }],
  ["start", { trigger: "startup", actor: "startup" }],
  ["schedule", { trigger: "cron", actor: "scheduler" }],
  ["catch-up", { trigger: "cron", actor: "scheduler" }],
])("a run of %s refreshes as %o", (actor, request) => {
  expect(refreshRequestOf(actor)).toEqual(request);
});
