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

let own: ProcessIdentity | undefined;

/** This process; undefined where there is no /proc. Leases then end at their TTL only. */
export function ownIdentity(): ProcessIdentity | undefined {
  own ??= readOwn();
  return own;
}

function readOwn(): ProcessIdentity | undefined {
  const { pid } = process;
  const startTicks = startTicksOf(pid);
  try {
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const pidNamespace = readlinkSync("/proc/self/ns/pid");
    return startTicks === undefined ? undefined : { pid, startTicks, bootId, pidNamespace };
  } catch {
    return undefined;
  }
}

/** Whether a process of the same container is known to have ended. */
export function isGone(
  { pid, startTicks, bootId, pidNamespace }: ProcessIdentity,
  observer: ProcessIdentity,
): boolean {
  const isVisible = bootId === observer.bootId && pidNamespace === observer.pidNamespace;
  return isVisible && startTicksOf(pid) !== startTicks;
}

/** The parent of a process; undefined when there is none or it cannot be read. */
export function parentOf(pid: number): number | undefined {
  return Number(statFields(pid)?.[1]) || undefined;
}

/** Field 22 of /proc/<pid>/stat; a zombie has ended. */
function startTicksOf(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields?.[0] === "Z" || fields?.[0] === "X" ? undefined : fields?.[19];
}

/** The fields of /proc/<pid>/stat from the third one, the state. @see proc_pid_stat(5) */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses, which may hold spaces and parentheses itself.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
