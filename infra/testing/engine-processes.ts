import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Limit for the end of an orphaned plugin, which takes 1 s on an idle machine. */
const END_LIMIT_MS = 30_000;
const LOOK_MS = 20;

/** The processes of a running engine that a test kills. */
export const PLUGIN = /pulumi-resource-render/;
export const ENGINE = /\/pulumi .*\b(up|destroy)\b/;

/**
 * Kills the processes of one engine whose command line matches a pattern, by pid.
 *
 * @param renderHost the address that only this engine's processes call
 * @returns the number of killed processes
 */
export function killProcesses(renderHost: string, matches: readonly RegExp[]): number {
  const pids = processesOf(renderHost)
    .filter(({ command }) => matches.some((it) => it.test(command)))
    .map(({ pid }) => pid);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids.length;
}

/** Waits until no process of this engine runs, orphaned plugins included. */
export async function untilAllEnded(renderHost: string): Promise<void> {
  const limit = Date.now() + END_LIMIT_MS;
  while (processesOf(renderHost).length > 0) {
    if (Date.now() > limit) throw new Error(`processes of ${renderHost} do not end`);
    await sleep(LOOK_MS);
  }
}

interface Process {
  readonly pid: number;
  readonly command: string;
}

function processesOf(renderHost: string): Process[] {
  return readdirSync("/proc")
    .filter((it) => /^\d+$/.test(it))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        if (!environment.includes(`RENDER_HOST=${renderHost}`)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(pid), command }];
      } catch {
        // It ended in the meantime.
        return [];
      }
    });
}
