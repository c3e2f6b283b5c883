import { readdirSync, readFileSync } from "node:fs";

/** A process in /proc. */
interface Entry {
  readonly id: number;
  readonly parent: number;
  readonly group: number;
  /** A zombie: ended but not reaped. */
  readonly isZombie: boolean;
}

/**
 * All descendants of a process; none without /proc.
 *
 * A process group does not contain them all, because a supervisor starts its app in another group.
 */
export function descendantsOf(pid: number): number[] {
  const children = Map.groupBy(processes(), ({ parent }) => parent);
  const below = (id: number): number[] =>
    (children.get(id) ?? []).flatMap((child) => [child.id, ...below(child.id)]);
  return below(pid);
}

/** Whether a process of the group still runs. Without /proc, zombies count as running. */
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

/**
 * The fields after the name, which is in parentheses and may contain any character. @see
 * proc_pid_stat(5)
 */
function processEntry(id: number): Entry | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { id, parent: Number(parent), group: Number(group), isZombie: state === "Z" };
  } catch {
    // The process ended meanwhile.
    return undefined;
  }
}
