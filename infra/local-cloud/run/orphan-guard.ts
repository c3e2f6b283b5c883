import { spawn } from "node:child_process";

/**
 * Ends the process groups named on its standard input when that input closes: SIGTERM, then SIGKILL
 * after 10 s. A shell, because every machine has one; `-s`, because dash has no other syntax for a
 * signal before `--`.
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

/** Makes sure that no process outlives the cloud, however the cloud ends. */
export interface OrphanGuard {
  readonly add: (groupId: number) => void;
  readonly remove: (groupId: number) => void;
  /** Stops the guard. */
  readonly close: () => void;
}

/** Starts a guard in its own session, so that Ctrl-C in the terminal does not end it first. */
export function startOrphanGuard(): OrphanGuard {
  const guard = spawn("/bin/sh", ["-c", SCRIPT], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a shell, starting a service fails with its own message.
  guard.on("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();

  return {
    add: (groupId) => void guard.stdin.write(`+ ${groupId}\n`),
    remove: (groupId) => void guard.stdin.write(`- ${groupId}\n`),
    close: () => void guard.stdin.end(),
  };
}
