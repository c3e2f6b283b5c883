import { readFileSync, readlinkSync } from "node:fs";

/** Which process it is, for others on the same machine: its id alone is used again after its end. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's ticks since boot. */
  readonly startTicks: string;
  /** Of the running kernel, and of the container, within which the id means something. */
  readonly machine: string;
}

/** Ourselves; undefined where there is no /proc, and then only the heartbeat tells. */
export function ownIdentity(): ProcessIdentity | undefined {
  const startTicks = startTicksOf(process.pid);
  const machine = ownMachine();
  if (startTicks === undefined || machine === undefined) return undefined;
  return { pid: process.pid, startTicks, machine };
}

/** Whether it is known that this process has ended; one of another machine is not known to have. */
export function isGone({ pid, startTicks, machine }: ProcessIdentity): boolean {
  return machine === ownMachine() && startTicksOf(pid) !== startTicks;
}

function ownMachine(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
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
