import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cut, deathsAt, mendedAt } from "../infra/testing/cuts.ts";
import {
  openSmallStack,
  type SmallStack,
  sweep,
  SWEEP_TIMEOUT_MS,
} from "../infra/testing/cut-sweep.ts";

/**
 * Every single call of a small stack, on the real engine, which is lost, refused or never answered, or
 * after which the plugin dies; the same command, or after a death the next one, leaves what a run
 * without all that leaves.
 *
 * What is compared is all of the cloud and what the engine believes of it. The engine's own death is in
 * cut-engine.engine.test.ts, which takes as long; the other deaths are in the sample.
 */
const cuts = (calls: readonly string[]): Cut[] => [
  ...mendedAt(calls),
  ...deathsAt(["plugin dies after"], calls),
];

let small: SmallStack;

beforeAll(async () => {
  small = await openSmallStack();
});

afterAll(() => small.stage.close());

test(
  "a create in which any call is lost, or kills the plugin, is completed by the next up",
  async () => {
    const { calls, left } = await sweep(small, "create", cuts);
    expect(calls).toEqual(
      expect.arrayContaining(["POST /v1/services shop", "POST /v1/env-groups shop-shared"]),
    );
    expect(left.cloud["services"]).toHaveLength(2);
  },
  SWEEP_TIMEOUT_MS,
);

test(
  "an update in which any call is lost, or kills the plugin, is completed by the next up",
  async () => {
    const { calls, left } = await sweep(small, "update", cuts);
    expect(calls).toContain("PUT /v1/services/<srv>/env-vars/A");
    expect(left.cloud["services"]).toHaveLength(2);
  },
  SWEEP_TIMEOUT_MS,
);

test(
  "a destroy in which any call is lost, or kills the plugin, is completed by the next destroy",
  async () => {
    const { calls, left } = await sweep(small, "destroy", cuts);
    expect(calls).toContain("DELETE /v1/services/<srv>");
    expect(left).toMatchObject({ believed: [], cloud: { services: [], envGroups: [] } });
  },
  SWEEP_TIMEOUT_MS,
);
