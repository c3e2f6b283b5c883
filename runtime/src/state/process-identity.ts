import { readFileSync, readlinkSync } from "node:fs";

/** Identifies a process to others on the same machine: a process id alone is used again after its end. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start of the process, in the kernel's ticks since boot. */
  readonly startTicks: string;
  /** The running kernel. The monotonic clock counts from its boot. */
  readonly bootId: string;
  /** The container within which the process id is valid. */
  readonly pidNamespace: string;
}

/** This process; undefined where there is no /proc. Leases then end at their TTL only. */
export function ownIdentity(): ProcessIdentity | undefined {
  const startTicks = startTicksOf(process.pid);
  try {
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const pidNamespace = readlinkSync("/proc/self/ns/pid");
    return startTicks === undefined
      ? undefined
      : { pid: process.pid, startTicks, bootId, pidNamespace };
  } catch {
    return undefined;
  }
}

/** Whether a process of the same container is known to have ended. */
export function isGone(
  { pid, startTicks, bootId, pidNamespace }: ProcessIdentity,
  own: ProcessIdentity,
): boolean {
  const isVisible = bootId === own.bootId && pidNamespace === own.pidNamespace;
  return isVisible && startTicksOf(pid) !== startTicks;
}

/** Field 22 of /proc/<pid>/stat; a zombie has ended. @see proc_pid_stat(5) */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses, which may hold spaces and parentheses itself.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : fields[18];
  } catch {
    return undefined;
  }
}
