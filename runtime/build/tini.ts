import { errorCode } from "../src/contract/error-code.ts";
import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Arch, hostArch } from "./arch.ts";

const run = promisify(execFile);

/** Timeout of a distribution's mirror, in ms. */
const APT_LIMIT_MS = 120_000;

/**
 * Copies a statically linked tini to `target`: the installed one, otherwise the one in Debian's
 * package, which needs no root. Resolves to the reason if neither is available.
 *
 * tini reaps the orphans of an app, which Node does not. @see https://packages.debian.org/tini
 */
export async function placeTini(arch: Arch, target: string): Promise<string | undefined> {
  const isHost = arch.name === hostArch()?.name;
  const isCopied = isHost && (await copied("/usr/bin/tini-static", target));
  if (isCopied) return undefined;
  const directory = await mkdtemp(join(tmpdir(), "opspec-tini-"));
  try {
    return await fetchTini(arch, { directory, target });
  } catch (error) {
    return `apt-get could not download tini for ${arch.name}: ${firstLine(error)}`;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function fetchTini(
  arch: Arch,
  { directory, target }: { directory: string; target: string },
): Promise<string | undefined> {
  const isHost = arch.name === hostArch()?.name;
  // Another processor's index has its own directory, so that this machine's apt is unchanged.
  const own = ["lists/partial", "cache/archives/partial"].map((it) => join(directory, it));
  await Promise.all(own.map((it) => mkdir(it, { recursive: true })));
  const options = isHost
    ? []
    : [
        `APT::Architecture=${arch.name}`,
        `APT::Architectures=${arch.name}`,
        `Dir::State::lists=${join(directory, "lists")}`,
        `Dir::Cache=${join(directory, "cache")}`,
        "APT::Sandbox::User=root",
      ].flatMap((it) => ["-o", it]);
  const apt = (...args: string[]) =>
    run("apt-get", [...options, ...args], { cwd: directory, timeout: APT_LIMIT_MS });
  await apt("download", "tini").catch(async () => {
    // With empty or old package lists, the package is found only after an update.
    await apt("update");
    await apt("download", "tini");
  });
  const [archive] = (await readdir(directory)).filter((name) => name.endsWith(".deb"));
  if (archive === undefined) return `apt-get downloaded no package of tini for ${arch.name}`;
  await run("dpkg-deb", ["-x", join(directory, archive), join(directory, "files")]);
  await copyFile(join(directory, "files/usr/bin/tini-static"), target);
  await chmod(target, 0o755);
  return undefined;
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to);
    await chmod(to, 0o755);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}
