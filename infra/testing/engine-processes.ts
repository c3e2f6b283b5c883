import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** An orphaned plugin ends within a second; a machine with other work may take longer. */
const END_LIMIT_MS = 30_000;
const LOOK_MS = 20;

/** The parts of a running engine that a test kills. */
export const PLUGIN = /pulumi-resource-render/;
export const ENGINE = /\/pulumi .*\b(up|destroy)\b/;

/**
 * Kills the processes of one engine whose command line matches one of these: by pid, as a crash would.
 *
 * @param renderHost whose calls they make, which no other engine's do
 * @returns how many there were
 */
export function killProcesses(renderHost: string, matches: readonly RegExp[]): number {
  const pids = processesOf(renderHost)
    .filter(({ command }) => matches.some((it) => it.test(command)))
    .map(({ pid }) => pid);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids.length;
}

/** Waits until nothing of this engine runs any more, such as a plugin that has lost it. */
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
        // It has ended since.
        return [];
      }
    });
}
