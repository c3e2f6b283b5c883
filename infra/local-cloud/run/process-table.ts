import { readdirSync, readFileSync } from "node:fs";

/** A process as Linux tells of it. */
interface Entry {
  readonly id: number;
  readonly parent: number;
  readonly group: number;
  /** Over, but nobody has asked yet how it ended. */
  readonly isZombie: boolean;
}

/**
 * Every process below a process; none where there is no /proc.
 *
 * A process group does not hold them all: a supervisor starts its app in a group of its own.
 */
export function descendantsOf(pid: number): number[] {
  const children = Map.groupBy(processes(), ({ parent }) => parent);
  const below = (id: number): number[] =>
    (children.get(id) ?? []).flatMap((child) => [child.id, ...below(child.id)]);
  return below(pid);
}

/** Whether something of a process group still runs. Without /proc, what is over counts until it was asked. */
export function isGroupAlive(groupId: number): boolean {
  const all = processes();
  if (all.length > 0) return all.some(({ group, isZombie }) => group === groupId && !isZombie);
  try {
    return process.kill(-groupId, 0);
  } catch {
    return false;
  }
}

function processes(): Entry[] {
  return processIds().flatMap((id) => processEntry(id) ?? []);
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The fields after the name, which stands in brackets and may hold anything. @see proc_pid_stat(5) */
function processEntry(id: number): Entry | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { id, parent: Number(parent), group: Number(group), isZombie: state === "Z" };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}
