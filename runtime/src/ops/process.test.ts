import { expect, test } from "vitest";
import { OPS_TOKEN, scratchOps } from "../../testing/scratch-ops.ts";
import type { AppControl } from "../run/app-control.ts";

const RESTART = {
  method: "POST",
  headers: { authorization: `Bearer ${OPS_TOKEN}` },
  json: { actor: "manual ana", reason: "it hangs" },
};

const nothing = async (): Promise<void> => {};

async function scene(restart: AppControl["restart"]) {
  const ops = await scratchOps();
  ops.process.app = { stop: nothing, start: nothing, check: nothing, restart };
  return ops;
}

test("a restart is answered at once, with who asked and why told to the app's keeper", async () => {
  const reasons: string[] = [];
  const never = Promise.withResolvers<void>();
  const ops = await scene((reason) => {
    reasons.push(reason);
    return never.promise;
  });

  const { status, body } = await ops.ask("/ops/restart", RESTART);

  expect([status, body]).toEqual([202, { restarting: true }]);
  expect(reasons).toEqual(["manual ana: it hangs"]);
});

test("a restart of an app that a restore has stopped is refused, and so it is without an app", async () => {
  const why = "the app is stopped already, by another operation";
  const stopped = await scene(() => Promise.reject(new Error(why)));
  const without = await scratchOps();

  const refused = await stopped.ask("/ops/restart", RESTART);

  expect([refused.status, refused.body["error"]]).toEqual([409, why]);
  expect((await without.ask("/ops/restart", RESTART)).status).toBe(409);
});
