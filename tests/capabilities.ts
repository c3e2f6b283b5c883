import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestContext } from "vitest";

import { findProgram, type ProgramName } from "../scripts/bootstrap/test-programs.ts";
import { type EngineLocation, fromCache, fromPath } from "../scripts/engine/ways.ts";

/** The result of a probe: the capability, or why it is missing. */
type Probed<T> = { readonly found: T } | { readonly missing: string };

/** Process 1 of a new namespace, which ends with its creator. @see unshare(1) */
export const NAMESPACE_OPTIONS = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/**
 * The capabilities of the machine that tests may need, each with its probe.
 *
 * A probe is quick and installs nothing; `npm test` installs programs before the tests start.
 */
export const capability = {
  engine: once(probeEngine),
  /** The path of the executable, as with the following ones. */
  postgres: once(() => probeDebian("postgres")),
  redis: once(() => probeDebian("redis")),
  pgbouncer: once(() => probeDebian("pgbouncer")),
  tini: once(() => probeDebian("tini")),
  python: once(() => probeDebian("python")),
  /** A headless browser. */
  chromium: once(() => probeDebian("chromium")),
  /** Certificates for test servers. */
  openssl: once(() => probeDebian("openssl")),
  /** PID namespaces, in which a test starts a process with pid 1. */
  processNamespace: once(() => probeProgram("unshare", ...NAMESPACE_OPTIONS, "true")),
  /** Mount namespaces, in which a test has a small disk that ends with its process. */
  smallDisk: once(() =>
    probeProgram("unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "none", tmpdir()),
  ),
  /** A test VM: root with the programs, namespaces and mounts of infra/testing/vm. */
  vm: once(probeVm),
};

/** The result of the probe with this name. */
type ProbedValues = {
  [Name in keyof typeof capability]: (typeof capability)[Name] extends () => Promise<
    Probed<infer T>
  >
    ? T
    : never;
};

/**
 * Returns a capability, or skips the test and prints the reason.
 *
 * With OPSPEC_TEST_REQUIRE=all the test fails instead, so that a run on a machine that should
 * have everything cannot pass with skipped tests.
 */
export async function requireCapability<Name extends keyof typeof capability>(
  context: TestContext,
  name: Name,
): Promise<ProbedValues[Name]> {
  const probes: { [Each in keyof ProbedValues]: () => Promise<Probed<ProbedValues[Each]>> } =
    capability;
  const probed = await probes[name]();
  if ("found" in probed) return probed.found;
  if (process.env["OPSPEC_TEST_REQUIRE"] === "all") {
    throw new Error(`${name}: ${probed.missing}. OPSPEC_TEST_REQUIRE=all needs it.`);
  }
  console.warn(`SKIPPED: ${context.task.name} because ${name}: ${probed.missing}.`);
  return context.skip(`${name}: ${probed.missing}`);
}

async function probeEngine(): Promise<Probed<EngineLocation>> {
  const here = { log: () => {}, env: process.env, downloadsUrl: "" };
  const onPath = await fromPath(here);
  if ("path" in onPath) return { found: onPath };
  const cached = await fromCache(here);
  if ("path" in cached) return { found: cached };
  return { missing: [onPath, cached].map(({ way, lacks }) => `${way}: ${lacks}`).join("; ") };
}

function probeDebian(name: ProgramName): Promise<Probed<string>> {
  const path = findProgram(name);
  return Promise.resolve(
    path === undefined
      ? { missing: "not installed; npm test as root installs it" }
      : { found: path },
  );
}

const run = promisify(execFile);

/** Tries the mounts and the links of a guest in namespaces that end with the probe. */
const TRY_VM = `
set -e
mkdir -p "$0/lower" "$0/upper" "$0/work" "$0/root"
mount -t overlay -o "lowerdir=$0/lower,upperdir=$0/upper,workdir=$0/work" overlay "$0/root"
ip link add probe1 type veth peer name probe2
ip link add probe3 type bridge`;

async function probeVm(): Promise<Probed<string>> {
  for (const name of ["debootstrap", "nspawn", "ip", "ssh"] as const) {
    const probed = await probeDebian(name);
    if ("missing" in probed) return { missing: `${name} is ${probed.missing}` };
  }
  const directory = await mkdtemp(join(homedir(), ".opspec-vm-probe-"));
  try {
    await run("unshare", ["--mount", "--net", "--pid", "--fork", "sh", "-c", TRY_VM, directory]);
    return { found: "systemd-nspawn" };
  } catch (error) {
    return { missing: `this machine cannot boot one: ${String(error)}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A program that prints its version; its path is the one on PATH. */
async function probeProgram(name: string, ...args: readonly string[]): Promise<Probed<string>> {
  try {
    await run(name, [...args]);
    const { stdout } = await run("/bin/sh", ["-c", 'command -v -- "$0"', name]);
    return { found: stdout.trim() };
  } catch {
    return { missing: `${name} is not installed` };
  }
}

function once<T>(probe: () => Promise<T>): () => Promise<T> {
  let probed: Promise<T> | undefined;
  return () => (probed ??= probe());
}
