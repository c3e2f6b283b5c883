import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** How often the arguments of all processes are read while a program runs. */
const ARGV_SAMPLE_MS = 40;

/** More than any command prints: 64 MB. */
const PRINTED_BYTES_MAX = 2 ** 26;

/** What somebody on the machine could see of a run. */
export interface Seen {
  readonly code: number;
  /** Everything that was printed, and every argument of every process that ran meanwhile. */
  readonly text: string;
}

/** Runs a program to its end, whatever that is, and notes all that can be seen of it. */
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

/** The arguments of every process of this machine; on others than Linux there are none to see. */
function commandLines(): string[] {
  try {
    return readdirSync("/proc")
      .filter((it) => /^\d+$/.test(it))
      .flatMap((pid) => {
        try {
          return [readFileSync(`/proc/${pid}/cmdline`, "utf8")];
        } catch {
          return []; // The process has ended since.
        }
      });
  } catch {
    return [];
  }
}
