import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cut, deathsAt, mendedAt } from "../infra/testing/cuts.ts";
import {
  openSmallStack,
  type SmallStack,
  sweep,
  SWEEP_TIMEOUT_MS,
} from "../infra/testing/cut-sweep.ts";

/**
 * Loses, refuses or never answers every single call of a small stack on the real engine, or
 * kills the plugin after it. The command, or after a kill the next one, has the same result as a
 * run without a fault.
 *
 * The test compares the whole cloud and the engine's state. Kills of the engine are in
 * cut-engine.engine.test.ts, which takes as long; the other kills are in
 * cut-sample.engine.test.ts.
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
