import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Start limit of a server on a busy machine; on an idle machine each starts within 1 s. */
const READY_LIMIT_MS = 60_000;
const LOOK_MS = 20;

/** Number of attempts. Another process may take the free port before the server starts. */
const START_ATTEMPTS = 3;

/** Length of the shown output of a server that did not start. */
const SAID_CHARACTERS = 2_000;

/** Part of util-linux. It sends a signal to its child when the parent ends. @see setpriv(1) */
const SETPRIV = "/usr/bin/setpriv";

const DIRECTORY_PREFIX = "opspec-server-";

/** The user of a server. Most servers refuse to run as root. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** A server for tests: a child process with its own directory. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  readonly directory: string;
  /** Stops it and removes its directory. Can be called twice. */
  stop(): Promise<void>;
}

/** Options of a server. */
export interface ServerStart {
  readonly name: string;
  /** Called for each attempt, with a free port and an empty directory of the server's user. */
  readonly command: (place: {
    port: number;
    directory: string;
  }) => Promise<readonly [executable: string, ...args: string[]]>;
  readonly isReady: (port: number) => Promise<boolean>;
  /** The signal that ends it at once with its children. */
  readonly stopSignal: NodeJS.Signals;
  /** Its port; by default any free one. */
  readonly port?: number;
}

/** Starts a server and waits until it answers. */
export async function startServer(start: ServerStart): Promise<ServerProcess> {
  removeAbandoned();
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(start);
    } catch (error) {
      if (attempt === START_ATTEMPTS || start.port !== undefined) throw error;
    }
  }
}

async function startOnce(start: ServerStart): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), `${DIRECTORY_PREFIX}${process.pid}-`));
  const identity = unprivileged();
  if (identity.uid !== undefined) chownSync(directory, identity.uid, identity.gid ?? identity.uid);
  const port = start.port ?? (await freePort());
  const child = spawnTied(await start.command({ port, directory }), { start, identity, directory });
  const said = collectOutput(child);
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  const killAtExit = () => child.kill(start.stopSignal);
  process.once("exit", killAtExit);
  const stop = async () => {
    child.kill(start.stopSignal);
    await ended;
    process.off("exit", killAtExit);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(child, () => start.isReady(port));
  } catch (error) {
    await stop();
    throw new Error(`${start.name} did not start: ${said()}`, { cause: error });
  }
  return { pid: child.pid ?? 0, port, directory, stop };
}

/** With setpriv the server ends with this process, even if that is killed. */
function spawnTied(
  [executable, ...args]: readonly [string, ...string[]],
  options: { start: ServerStart; identity: Identity; directory: string },
): ChildProcess {
  const { start, identity, directory } = options;
  const tie = existsSync(SETPRIV)
    ? [SETPRIV, "--pdeathsig", start.stopSignal.replace("SIG", ""), "--"]
    : [];
  const [command = executable, ...rest] = [...tie, executable, ...args];
  return spawn(command, rest, {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    ...identity,
  });
}

function collectOutput(child: ChildProcess): () => string {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (data: Buffer) => (said = (said + data).slice(-SAID_CHARACTERS)));
  }
  child.once("error", ({ message }) => (said += message));
  return () => said.trim();
}

async function untilReady(child: ChildProcess, isReady: () => Promise<boolean>): Promise<void> {
  const limit = Date.now() + READY_LIMIT_MS;
  while (!(await isReady())) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw new Error("it ended");
    }
    if (Date.now() > limit) throw new Error(`it was not ready after ${READY_LIMIT_MS} ms`);
    await sleep(LOOK_MS);
  }
}

/**
 * The user of servers and their tools: Debian's `postgres` or `nobody` if this process is root, otherwise the current user.
 */
export function unprivileged(): Identity {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = ["postgres", "nobody"].flatMap((name) => users.filter(([it]) => it === name))[0];
  if (!user) throw new Error("/etc/passwd: neither postgres nor nobody is there. Add one of them.");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** A free port on loopback. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("unreachable: no port");
  return address.port;
}

/** Removes directories of servers whose test process was killed. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${DIRECTORY_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`) || isAlive(Number(pid))) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
