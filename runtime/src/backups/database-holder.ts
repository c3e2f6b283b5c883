import type { BigIntStats } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename } from "node:path";

/** A process that has a file open. */
export interface Holder {
  readonly pid: number;
  /** Name of its program; empty when it ended meanwhile. */
  readonly name: string;
}

/**
 * The other processes that have a file open, as far as the kernel shows them to this one.
 *
 * SQLite's locks tell of every connection in WAL mode, but of an idle one in the other modes they
 * tell nothing; and a file that is no database any more has no locks. Outside Linux nothing is
 * known. @see proc_pid_fd(5)
 */
export async function holdersOf(file: string): Promise<Holder[]> {
  const wanted = await stat(file, { bigint: true }).catch(() => undefined);
  if (!wanted) return [];
  const pids = (await readdir("/proc").catch(() => []))
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0 && pid !== process.pid);
  const holders: Holder[] = [];
  for (const pid of pids) {
    if (await hasOpen(pid, wanted)) holders.push({ pid, name: await programName(pid) });
  }
  return holders;
}

/** A process of somebody else does not show its files, and one that has just ended has none. */
async function hasOpen(pid: number, { dev, ino }: BigIntStats): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  for (const descriptor of await readdir(directory).catch(() => [])) {
    const open = await stat(`${directory}/${descriptor}`, { bigint: true }).catch(() => undefined);
    if (open?.dev === dev && open.ino === ino) return true;
  }
  return false;
}

/** As it was started: a runtime such as Node names its threads and not its program. */
async function programName(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return basename(line.split("\0", 1).join("")).trim();
}

/** `gunicorn (process 17)`, for messages. */
export function holderText(holders: readonly Holder[]): string {
  return holders.map(({ pid, name }) => `${name || "somebody"} (process ${pid})`).join(", ");
}
