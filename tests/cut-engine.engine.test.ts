import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cut, deathsAt } from "../infra/testing/cuts.ts";
import {
  openSmallStack,
  type SmallStack,
  sweep,
  SWEEP_TIMEOUT_MS,
} from "../infra/testing/cut-sweep.ts";

/**
 * Every single call of a small stack, on the real engine, at which the engine dies; the same command
 * again then leaves what a run without a death leaves.
 *
 * What is compared is all of the cloud and what the engine believes of it. The plugin's own death, and
 * what it mends by itself, are in cut-plugin.engine.test.ts; both dying at once is in the sample.
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
