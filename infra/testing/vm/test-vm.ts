import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

const BUILD = join(import.meta.dirname, "build.sh");
const BOOT = join(import.meta.dirname, "boot.sh");

/** Limit until sshd answers after a boot. A boot takes 3 s on an idle machine. */
const BOOT_MS = 120_000;

/** Limit of an orderly shutdown before the guest is killed. */
const SHUTDOWN_MS = 20_000;

const POLL_MS = 100;

/** A Debian guest with systemd, sshd, Docker and HAProxy, reached over a link of this machine. */
export interface TestVm {
  readonly address: string;
  /** Users `root` and `ubuntu`, who has sudo without a password. */
  readonly keyFile: string;
  /** The host key in the form of known_hosts: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** Runs a command in the guest's shell as root. @throws Error with its output when it fails */
  readonly ssh: (command: string, input?: string) => Promise<string>;
  /** Reboots the guest and waits until sshd of the new boot answers. */
  readonly reboot: () => Promise<void>;
  /** Ends all processes of the guest at once, boots again and waits until sshd answers. */
  readonly cutPower: () => Promise<void>;
  /** Removes the guest and its files. The cached root file system remains. */
  readonly stop: () => Promise<void>;
}

/** Builds the root file system unless it is cached. @returns its directory */
async function buildRootFileSystem(log: (line: string) => void): Promise<string> {
  const cache = cacheDirectory();
  await mkdir(cache, { recursive: true });
  const recipe = createHash("sha256").update(readFileSync(BUILD)).digest("hex").slice(0, 12);
  const directory = join(cache, `root-${recipe}`);
  if (existsSync(directory)) return directory;
  log("building the root file system of test VMs, once (1 to 2 min)");
  const logFile = join(cache, "build.log");
  const script = '[ -d "$2" ] || bash "$1" "$2" > "$3" 2>&1';
  try {
    await run("flock", [
      join(cache, "build.lock"),
      "bash",
      "-c",
      script,
      "-",
      BUILD,
      directory,
      logFile,
    ]);
  } catch (error) {
    const tail = (await readFile(logFile, "utf8")).trimEnd().split("\n").slice(-10).join("\n");
    throw new Error(`the root file system of test VMs could not be built:\n${tail}`, {
      cause: error,
    });
  }
  return directory;
}

/** Boots a new guest and waits until sshd answers. Needs root on Linux. */
export async function startTestVm(log: (line: string) => void): Promise<TestVm> {
  const base = await buildRootFileSystem(log);
  await removeLeftovers();
  const directory = join(cacheDirectory(), `run-${process.pid}-${randomBytes(3).toString("hex")}`);
  const hostKey = await prepare(directory);
  const supervisor = spawn(
    "setpriv",
    [
      "--pdeathsig",
      "KILL",
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "bash",
      BOOT,
      base,
      directory,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = once(supervisor, "exit");
  const console = { text: "" };
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: supervisor.stdout }).on("line", (line) => {
      console.text += `${line}\n`;
      if (line.startsWith("address ")) resolve(line.slice("address ".length));
    });
    supervisor.stderr.on("data", (chunk: Buffer) => (console.text += chunk.toString()));
    void ended.then(() => reject(new Error(`the guest did not start:\n${console.text}`)));
  });
  const guest = { directory, address, isRunning: () => supervisor.exitCode === null, console };
  await writeFile(join(directory, "known_hosts"), `${address} ${hostKey}\n`);
  await waitForBoot(guest, undefined);
  return {
    address,
    keyFile: join(directory, "key"),
    hostKey,
    ssh: (command, input) => ssh(guest, command, input),
    reboot: async () => {
      const previous = await bootId(guest);
      // sshd may end before it reports the exit code.
      await ssh(guest, "systemctl reboot").catch(() => {});
      await waitForBoot(guest, previous);
    },
    cutPower: async () => {
      const previous = await bootId(guest);
      await writeFile(join(directory, "power-cut"), "");
      const parent = (await readFile(join(directory, "guest.pid"), "utf8")).trim();
      const children = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8");
      process.kill(Number(children.split(" ")[0]), "SIGKILL");
      await waitForBoot(guest, previous);
    },
    stop: async () => {
      supervisor.kill("SIGTERM");
      await Promise.race([ended, sleep(SHUTDOWN_MS, undefined, { ref: false })]);
      supervisor.kill("SIGKILL");
      await ended;
      await removeRun(directory);
    },
  };
}

interface Guest {
  readonly directory: string;
  readonly address: string;
  readonly isRunning: () => boolean;
  readonly console: { readonly text: string };
}

/** Directory of the root file system and of running guests. */
function cacheDirectory(): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(cache, "opspec", "test-vm");
}

/** Creates the guest's directories and its identity. @returns the host key */
async function prepare(directory: string): Promise<string> {
  const upper = join(directory, "upper");
  const sshDirectories = [join(upper, "root/.ssh"), join(upper, "home/ubuntu/.ssh")];
  for (const path of ["work", "root", "docker", "containerd", "upper/etc/ssh"]) {
    await mkdir(join(directory, path), { recursive: true });
  }
  const hostKeyFile = join(upper, "etc/ssh/ssh_host_ed25519_key");
  for (const file of [join(directory, "key"), hostKeyFile]) {
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test-vm", "-f", file]);
  }
  const loginKey = await readFile(join(directory, "key.pub"), "utf8");
  for (const path of sshDirectories) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await writeFile(join(path, "authorized_keys"), loginKey, { mode: 0o600 });
  }
  await run("chown", ["-R", "1000:1000", join(upper, "home/ubuntu")]);
  await run("chmod", ["700", join(upper, "root")]);
  await writeFile(join(upper, "etc/machine-id"), `${randomBytes(16).toString("hex")}\n`);
  await writeFile(join(upper, "etc/hosts"), "127.0.0.1 localhost vm\n");
  const [type, key] = (await readFile(`${hostKeyFile}.pub`, "utf8")).split(" ");
  return `${type} ${key}`;
}

async function ssh({ directory, address }: Guest, command: string, input = ""): Promise<string> {
  const options = [
    `UserKnownHostsFile=${join(directory, "known_hosts")}`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "ConnectTimeout=10",
    "ServerAliveInterval=2",
    "LogLevel=ERROR",
  ].flatMap((option) => ["-o", option]);
  const file = join(directory, "key");
  const running = run("ssh", ["-F", "none", "-i", file, ...options, `root@${address}`, command], {
    maxBuffer: 64 * 1024 * 1024,
  });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

function bootId(guest: Guest): Promise<string> {
  return ssh(guest, "cat /proc/sys/kernel/random/boot_id");
}

/** Waits until sshd of another boot than the previous one answers. */
async function waitForBoot(guest: Guest, previous: string | undefined): Promise<void> {
  const endMs = performance.now() + BOOT_MS;
  while (guest.isRunning() && performance.now() < endMs) {
    const current = await bootId(guest).catch(() => undefined);
    if (current !== undefined && current !== previous) return;
    await sleep(POLL_MS);
  }
  throw new Error(`sshd of the guest does not answer. Its console:\n${guest.console.text}`);
}

/** Removes the files of guests whose test process was killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(cacheDirectory())) {
    const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    await removeRun(join(cacheDirectory(), name));
  }
}

async function removeRun(directory: string): Promise<void> {
  const file = join(directory, "cgroups");
  const cgroups = existsSync(file) ? (await readFile(file, "utf8")).trim().split("\n") : [];
  for (const cgroup of cgroups) await removeCgroup(cgroup);
  await rm(directory, { recursive: true, force: true });
}

/** Processes of the guest end with the guest, but not at once; then the cgroup can be removed. */
async function removeCgroup(directory: string): Promise<void> {
  const endMs = performance.now() + SHUTDOWN_MS;
  while (existsSync(directory)) {
    try {
      await run("find", [directory, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await sleep(POLL_MS);
    }
  }
}
