import { expect, test } from "vitest";
import { pendingCreates } from "./pending-creates.ts";

const urnOf = (name: string): string =>
  `urn:pulumi:shop::opspec::opspec:index:Stack$render:index:WebService::${name}`;

const pendingOf = (type: string, name: string) => ({ type, resource: { urn: urnOf(name) } });

test("an interrupted create is finished when its resource is in the state, else unknown", () => {
  const deployment = {
    resources: [{ urn: urnOf("web") }, { urn: urnOf("api") }],
    pending_operations: [
      pendingOf("creating", "web"),
      pendingOf("creating", "web"),
      pendingOf("creating", "gone"),
      pendingOf("updating", "api"),
    ],
  };

  expect(pendingCreates(deployment)).toEqual({
    finished: [urnOf("web")],
    unknown: [urnOf("gone")],
  });
});

test("a state without interrupted creates has none of either", () => {
  expect(pendingCreates({})).toEqual({ finished: [], unknown: [] });
  expect(pendingCreates({ pending_operations: [pendingOf("updating", "api")] })).toEqual({
    finished: [],
    unknown: [],
  });
});
