import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CHECKOUT } from "../workspace/paths.ts";
import { elapsedMs, type Figure, median } from "./figure.ts";

/** Enough runs that one slow start of a shared machine does not decide the median. */
const RUNS = 15;

/** A plugin writes its compile cache right after its port; the next start is measured after that. */
const SETTLE_MS = 200;

/** Time from the start of the plugin's executable to the port on its standard output. */
export const pluginSpawn: Figure = {
  name: "plugin-spawn",
  unit: "s",
  bar: 0.25,
  measure: async () => {
    const seconds: number[] = [];
    await spawnOnce();
    for (let run = 0; run < RUNS; run++) seconds.push((await spawnOnce()) / 1000);
    return {
      value: median(seconds),
      detail: `median of ${RUNS} starts, fastest ${Math.min(...seconds).toFixed(3)} s`,
    };
  },
};

async function spawnOnce(): Promise<number> {
  const path = join(CHECKOUT, "infra", "provider", "bin", "pulumi-resource-render");
  const child = spawn(path, [], { stdio: ["ignore", "pipe", "inherit"] });
  const elapsed = await elapsedMs(() => once(child.stdout, "data"));
  await sleep(SETTLE_MS);
  child.kill("SIGKILL");
  await once(child, "exit");
  return elapsed;
}
