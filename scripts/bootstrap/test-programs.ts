import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that tests start and npm does not install: its executable and its Debian package. */
export interface TestProgram {
  readonly executable: string;
  readonly debianPackage: string;
}

/** Every Debian program that a test or a figure starts. */
export const TEST_PROGRAMS = {
  postgres: { executable: "postgres", debianPackage: "postgresql" },
  redis: { executable: "redis-server", debianPackage: "redis-server" },
  pgbouncer: { executable: "pgbouncer", debianPackage: "pgbouncer" },
  tini: { executable: "tini", debianPackage: "tini" },
  python: { executable: "python3", debianPackage: "python3" },
  sqlite: { executable: "sqlite3", debianPackage: "sqlite3" },
  chromium: { executable: "chromium", debianPackage: "chromium" },
  openssl: { executable: "openssl", debianPackage: "openssl" },
  debootstrap: { executable: "debootstrap", debianPackage: "debootstrap" },
  nspawn: { executable: "systemd-nspawn", debianPackage: "systemd-container" },
  ip: { executable: "ip", debianPackage: "iproute2" },
  ssh: { executable: "ssh", debianPackage: "openssh-client" },
} as const satisfies Record<string, TestProgram>;

export type ProgramName = keyof typeof TEST_PROGRAMS;

export const PROGRAM_NAMES: readonly ProgramName[] = [
  "postgres",
  "redis",
  "pgbouncer",
  "tini",
  "python",
  "sqlite",
  "chromium",
  "openssl",
  "debootstrap",
  "nspawn",
  "ip",
  "ssh",
];

/** Directory of Debian's Postgres versions, which is not on PATH. */
const DEBIAN_POSTGRES = "/usr/lib/postgresql";

/** Directory of Debian's daemons, which is only on root's PATH. */
const DAEMON_DIRECTORIES = ["/usr/sbin", "/usr/local/sbin"];

/** The path of the executable; undefined when it is not installed. Starts no process. */
export function findProgram(
  name: ProgramName,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const { executable } = TEST_PROGRAMS[name];
  return [...(env["PATH"] ?? "").split(delimiter), ...DAEMON_DIRECTORIES, ...postgresDirectories()]
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, executable))
    .find(isExecutable);
}

/** Newest version first. */
function postgresDirectories(): string[] {
  try {
    return readdirSync(DEBIAN_POSTGRES)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN_POSTGRES, version, "bin"));
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
