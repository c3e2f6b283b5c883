import { spawn } from "node:child_process";

/**
 * Ends the process groups that are named on its standard input once that ends: with SIGTERM, and
 * 10 s later with SIGKILL. A shell, because it is there on every machine and small; `-s`, because dash
 * knows no other way to write a signal before `--`.
 */
const SCRIPT = `
groups=
while read -r sign id; do
  kept=
  for it in $groups; do [ "$it" = "$id" ] || kept="$kept $it"; done
  [ "$sign" = + ] && kept="$kept $id"
  groups=$kept
done
[ -n "$groups" ] || exit 0
for it in $groups; do kill -s TERM -- "-$it" 2>/dev/null; done
sleep 10
for it in $groups; do kill -s KILL -- "-$it" 2>/dev/null; done
`;

/** Sees to it that nothing outlives the cloud, however the cloud ends. */
export interface OrphanGuard {
  readonly add: (groupId: number) => void;
  readonly remove: (groupId: number) => void;
  /** Nothing is left to guard. */
  readonly close: () => void;
}

/** Starts a guard in a session of its own, so that a Ctrl-C in the terminal does not end it first. */
export function startOrphanGuard(): OrphanGuard {
  const guard = spawn("/bin/sh", ["-c", SCRIPT], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // A machine without a shell starts no services either, and says so there.
  guard.on("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();

  return {
    add: (groupId) => void guard.stdin.write(`+ ${groupId}\n`),
    remove: (groupId) => void guard.stdin.write(`- ${groupId}\n`),
    close: () => void guard.stdin.end(),
  };
}
