import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { withLock } from "./lock.mjs";
import { startProgress } from "./progress.mjs";
import { findProgram, PROGRAM_NAMES, TEST_PROGRAMS, type ProgramName } from "./test-programs.ts";

/** Downloads of 20 MB and the unpacking of Postgres take a minute on a slow machine. */
const APT_LIMIT_MS = 10 * 60_000;

/** apt prints the cause last; this many lines contain it. */
const CAUSE_LINES = 6;

/** Debian asks this program before a package starts its service. @see https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt */
const POLICY_FILE = "/usr/sbin/policy-rc.d";
const POLICY_MARK = "# Written by opspec while it installs what its tests start.";

const APT_OPTIONS = [
  "--yes",
  "--quiet",
  "--option=DPkg::Lock::Timeout=120",
  "--option=Acquire::Retries=3",
  "--option=Acquire::http::Timeout=30",
  "--option=Acquire::https::Timeout=30",
];

/** The properties of a machine that decide whether packages can be installed. */
export interface Machine {
  readonly isRoot: boolean;
  readonly hasApt: boolean;
  readonly find: (name: ProgramName) => string | undefined;
}

/** The programs that exist after the installation, and those that are missing with the reason. */
export interface InstalledPrograms {
  readonly present: readonly ProgramName[];
  readonly missing: readonly { readonly name: ProgramName; readonly reason: string }[];
}

/**
 * Installs the missing programs that tests start, as root on Debian.
 *
 * The installation starts no service. It never uses sudo: whoever runs tests as another user does
 * not allow changes of the machine.
 */
export async function installPrograms(
  log: (line: string) => void,
  machine: Machine = thisMachine(),
): Promise<InstalledPrograms> {
  const isAbsent = (name: ProgramName) => machine.find(name) === undefined;
  const packages = PROGRAM_NAMES.filter(isAbsent).map((name) => TEST_PROGRAMS[name].debianPackage);
  if (packages.length === 0) return { present: PROGRAM_NAMES, missing: [] };
  const problem = whyNot(machine) ?? (await install(packages, log));
  return {
    present: PROGRAM_NAMES.filter((name) => !isAbsent(name)),
    missing: PROGRAM_NAMES.filter(isAbsent).map((name) => ({
      name,
      reason: problem ?? "its package brought no executable",
    })),
  };
}

function whyNot({ isRoot, hasApt }: Machine): string | undefined {
  if (!hasApt) return "the machine has no apt-get; install it by hand";
  if (!isRoot) return "only root can install it; run once as root, or install it by hand";
  return undefined;
}

async function install(
  packages: readonly string[],
  log: (line: string) => void,
): Promise<string | undefined> {
  const names = packages.join(", ");
  // apt's own locks do not cover `update`, so two test runs at once would fail.
  return await withLock(
    join(tmpdir(), "opspec-debian-packages.lock"),
    async () => {
      log(`Installing Debian packages that tests need: ${names}.`);
      const stop = startProgress(log, (elapsed) => `  apt-get … ${elapsed}`);
      const forbidden = forbidServiceStarts();
      try {
        const problem = await installOrUpdate(packages);
        log(problem === undefined ? `Installed ${names} in ${stop()}.` : `${problem} (${stop()}).`);
        return problem;
      } finally {
        forbidden.end();
      }
    },
    { onWait: ({ pid }) => log(`Another process (${pid}) installs packages; waiting.`) },
  );
}

/** A fresh image has no package lists and an old one has stale ones: either shows as a failed install. */
async function installOrUpdate(packages: readonly string[]): Promise<string | undefined> {
  const args = ["install", "--no-install-recommends", ...packages];
  const first = await runApt(args);
  if (first.code === 0) return undefined;
  await runApt(["update"]);
  const second = await runApt(args);
  if (second.code === 0) return undefined;
  const cause = second.output.trim().split("\n").slice(-CAUSE_LINES).join("\n");
  return `apt-get install failed (${second.code}): ${cause}`;
}

/**
 * Keeps packages from starting services while this process lives, unless the machine has its own
 * rule.
 */
function forbidServiceStarts(): { end(): void } {
  const isOurs = () => existsSync(POLICY_FILE) && policyText().includes(POLICY_MARK);
  if (existsSync(POLICY_FILE) && !isOurs()) return { end() {} };
  // If this process is killed, the remaining file allows everything.
  const script = `#!/bin/sh\n${POLICY_MARK}\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`;
  writeFileSync(POLICY_FILE, script, { mode: 0o755 });
  return { end: () => isOurs() && rmSync(POLICY_FILE) };
}

function policyText(): string {
  return readFileSync(POLICY_FILE, "utf8");
}

function runApt(args: readonly string[]): Promise<{ code: number | string; output: string }> {
  const child = spawn("apt-get", [...APT_OPTIONS, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    timeout: APT_LIMIT_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => (output += data.toString()));
  }
  return new Promise((resolve) => {
    child.once("error", ({ message }) => resolve({ code: message, output }));
    child.once("close", (code, signal) => resolve({ code: code ?? signal ?? "no code", output }));
  });
}

function thisMachine(): Machine {
  return {
    isRoot: process.getuid?.() === 0,
    hasApt: existsSync("/usr/bin/apt-get"),
    find: (name) => findProgram(name),
  };
}
