import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

import { startOrphanGuard } from "./orphan-guard.ts";

test("a guard whose parent is gone ends the groups that it still guards, and no other", async () => {
  const [guarded, released] = [spawnGroup(), spawnGroup()];
  const guard = startOrphanGuard();
  for (const { pid = 0 } of [guarded, released]) guard.add(pid);
  guard.remove(released.pid ?? 0);
  const ended = once(guarded, "exit");

  // Closes the pipe, as the end of the parent does.
  guard.close();

  expect(await ended).toEqual([null, "SIGTERM"]);
  expect(released.exitCode ?? released.signalCode).toBe(null);
  released.kill("SIGKILL");
});

function spawnGroup() {
  return spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
}
