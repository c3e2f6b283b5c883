#!/usr/bin/env node
// Usage: run.mjs <script> [arguments…]
//
// Starts a script of this project with what it needs: its npm packages and its own Node. Plain
// JavaScript without dependencies, because it runs before either is there, on any Node from 20 on.
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { installIfChanged } from "./install.mjs";
import { chooseNode, nodeNeeded, runNode } from "./node.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const [script, ...args] = process.argv.slice(2);

if (script === undefined)
  fail("run.mjs: the script to run is missing. Name it as the first argument.");
await installIfChanged(root, console.error).catch((error) => fail(`opspec: ${error.message}`));
const node = chooseNode() ?? fail(nodeNeeded());
process.exitCode = await runNode(node, [resolve(root, script), ...args], {
  ...process.env,
  PATH: [dirname(node), join(root, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter),
});

function fail(message) {
  console.error(message);
  process.exit(2);
}
