import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cut, deathsAt } from "../infra/testing/cuts.ts";
import {
  openSmallStack,
  type SmallStack,
  sweep,
  SWEEP_TIMEOUT_MS,
} from "../infra/testing/cut-sweep.ts";

/**
 * Kills the real engine at every single call of a small stack. Repeating the command has the
 * same result as a run without a kill.
 *
 * The test compares the whole cloud and the engine's state. Kills of the plugin, and faults that
 * it handles, are in cut-plugin.engine.test.ts; kills of both are in cut-sample.engine.test.ts.
 */
const deaths = (calls: readonly string[]): Cut[] => deathsAt(["engine dies"], calls);

let small: SmallStack;

beforeAll(async () => {
  small = await openSmallStack();
});

afterAll(() => small.stage.close());

test(
  "a create in which the engine dies at any call is completed by the next up",
  async () => {
    const { calls, left } = await sweep(small, "create", deaths);
    expect(calls).toEqual(
      expect.arrayContaining(["POST /v1/services shop", "POST /v1/env-groups shop-shared"]),
    );
    expect(left.cloud["services"]).toHaveLength(2);
  },
  SWEEP_TIMEOUT_MS,
);

test(
  "an update in which the engine dies at any call is completed by the next up",
  async () => {
    const { calls, left } = await sweep(small, "update", deaths);
    expect(calls).toContain("PUT /v1/services/<srv>/env-vars/A");
    expect(left.cloud["services"]).toHaveLength(2);
  },
  SWEEP_TIMEOUT_MS,
);

test(
  "a destroy in which the engine dies at any call is completed by the next destroy",
  async () => {
    const { calls, left } = await sweep(small, "destroy", deaths);
    expect(calls).toContain("DELETE /v1/services/<srv>");
    expect(left).toMatchObject({ believed: [], cloud: { services: [], envGroups: [] } });
  },
  SWEEP_TIMEOUT_MS,
);
