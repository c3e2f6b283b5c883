import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { withLock } from "./lock.mjs";
import { startProgress } from "./progress.mjs";

/** npm prints the cause first and its usage last; this many lines contain the cause. */
const CAUSE_LINES = 12;

/**
 * `--include` overrides NODE_ENV=production and npm's omit setting, which would leave out the tools
 * and Node.
 */
const NPM_ARGS = [
  "ci",
  "--ignore-scripts",
  "--no-fund",
  "--no-audit",
  "--include=dev",
  "--include=optional",
];

/**
 * Installs node_modules when they do not match package-lock.json.
 *
 * The mark is written last, inside node_modules, which `npm ci` deletes first. So an interrupted
 * install has no mark and is repeated.
 */
export async function installIfChanged(root, log) {
  if (isInstalled(root)) return;
  await withLock(join(root, ".opspec", "install.lock"), () => install(root, log), {
    onWait: ({ pid }) => log(`Another process (${pid}) installs the npm packages; waiting.`),
  });
}

async function install(root, log) {
  if (isInstalled(root)) return;
  const reason = existsSync(markFile(root)) ? "package-lock.json has changed" : "first start";
  log(`Installing the npm packages (${reason}).`);
  const stop = startProgress(log, (elapsed) => `  npm ci … ${elapsed}`);
  const wanted = fingerprint(root);
  const { code, output } = await runNpm(root);
  const elapsed = stop();
  if (code !== 0) {
    throw new Error(`npm ci failed (exit code ${code}) after ${elapsed}:\n${causeOf(output)}`);
  }
  // npm creates no folder when there are no dependencies.
  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(markFile(root), wanted);
  log(`Installed the npm packages in ${elapsed}.`);
}

function isInstalled(root) {
  try {
    return readFileSync(markFile(root), "utf8") === fingerprint(root);
  } catch (error) {
    if (error.code === "ENOENT") return false;
    throw error;
  }
}

/**
 * Includes platform and processor, because a folder shared with a container may hold the other's
 * binaries.
 */
function fingerprint(root) {
  const lock = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  return `${lock.digest("hex")} ${process.platform}-${process.arch}\n`;
}

function markFile(root) {
  return join(root, "node_modules", ".opspec-install");
}

function causeOf(output) {
  const lines = output.trim().split("\n");
  const errors = lines.filter((line) => /^npm (error|ERR!)/.test(line));
  return (errors.length > 0 ? errors : lines).slice(0, CAUSE_LINES).join("\n");
}

function runNpm(root) {
  const child = spawn("npm", NPM_ARGS, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: error.code, output: error.message }));
    child.once("close", (code, signal) => resolve({ code: code ?? signal, output }));
  });
}
