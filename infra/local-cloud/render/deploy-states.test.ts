import { expect, test } from "vitest";

import { type DeployRecord, deployStates } from "./deploy-states.ts";

/** A deploy that is built for one second, from the given second on. */
function deploy(id: string, second: number, more: Partial<DeployRecord> = {}): DeployRecord {
  return {
    id,
    serviceId: "srv",
    trigger: "api",
    createdAt: new Date(second * 1000).toISOString(),
    commit: null,
    image: null,
    phases: [{ status: "build_in_progress", ms: 1000 }],
    outcome: "live",
    ...more,
  };
}

function statusesAt(deploys: readonly DeployRecord[], second: number): string[] {
  return [...deployStates(deploys, second * 1000).values()].map(({ status }) => status);
}

test("deploys that wait run one after the other", () => {
  const deploys = [
    deploy("a", 0),
    deploy("b", 0.1, { after: "a" }),
    deploy("c", 0.2, { after: "b" }),
  ];

  expect(statusesAt(deploys, 0.5)).toEqual(["build_in_progress", "queued", "queued"]);
  expect(statusesAt(deploys, 1.5)).toEqual(["live", "build_in_progress", "queued"]);
  expect(statusesAt(deploys, 2.5)).toEqual(["deactivated", "live", "build_in_progress"]);
  expect(statusesAt(deploys, 3)).toEqual(["deactivated", "deactivated", "live"]);
});

test("one that is canceled while it waits does not let the next overtake", () => {
  const canceledAt = new Date(300).toISOString();
  const deploys = [
    deploy("a", 0),
    deploy("b", 0.1, { after: "a", canceledAt }),
    deploy("c", 0.2, { after: "b" }),
  ];

  expect(statusesAt(deploys, 0.5)).toEqual(["build_in_progress", "canceled", "queued"]);
  expect(statusesAt(deploys, 1.5)).toEqual(["live", "canceled", "build_in_progress"]);
});

test("one that is canceled while it runs lets the next start at once", () => {
  const canceledAt = new Date(300).toISOString();
  const deploys = [deploy("a", 0, { canceledAt }), deploy("b", 0.1, { after: "a" })];

  expect(statusesAt(deploys, 0.5)).toEqual(["canceled", "build_in_progress"]);
});

test("a failed deploy leaves the one before it live", () => {
  const deploys = [deploy("a", 0), deploy("b", 5, { outcome: "build_failed" })];

  expect(statusesAt(deploys, 9)).toEqual(["live", "build_failed"]);
});

test("a cancellation that comes when all is over changes nothing", () => {
  const deploys = [deploy("a", 0, { canceledAt: new Date(1000).toISOString() })];

  expect(statusesAt(deploys, 2)).toEqual(["live"]);
});
