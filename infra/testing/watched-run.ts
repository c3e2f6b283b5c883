import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Poll interval of the arguments of all processes while a program runs. */
const ARGV_SAMPLE_MS = 40;

/** Maximum output of a command: 64 MB. */
const PRINTED_BYTES_MAX = 2 ** 26;

/** Everything that another user of the machine can see of a run. */
export interface Seen {
  readonly code: number;
  /** The output, and the arguments of all processes during the run. */
  readonly text: string;
}

/** Runs a program until it exits and records everything that is visible. */
export function runWatched(
  file: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Seen> {
  return new Promise((resolve) => {
    const argv = new Set<string>();
    const sampling = setInterval(
      () => commandLines().forEach((it) => argv.add(it)),
      ARGV_SAMPLE_MS,
    );
    execFile(
      file,
      [...args],
      { cwd, env, maxBuffer: PRINTED_BYTES_MAX },
      (error, stdout, stderr) => {
        clearInterval(sampling);
        const code = typeof error?.code === "number" ? error.code : 0;
        resolve({ code, text: [stdout, stderr, ...argv].join("\n") });
      },
    );
  });
}

/** The arguments of every process on this machine; empty on other systems than Linux. */
function commandLines(): string[] {
  try {
    return readdirSync("/proc")
      .filter((it) => /^\d+$/.test(it))
      .flatMap((pid) => {
        try {
          return [readFileSync(`/proc/${pid}/cmdline`, "utf8")];
        } catch {
          return []; // The process ended in the meantime.
        }
      });
  } catch {
    return [];
  }
}
