"use strict";

const nodeModule = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const COMPILE_CACHE = path.join(__dirname, "../../../node_modules/.cache/opspec");

/**
 * Starts a plugin's TypeScript with a Node that runs it as it is; an older one hands over to the project's own.
 *
 * The compiled code is kept from start to start: without it a plugin takes twice as long to its port.
 */
exports.start = async function start(plugin) {
  const { reexecuteIfOlder } = await import("../../../scripts/bootstrap/node.mjs");
  await reexecuteIfOlder(pathToFileURL(process.argv[1]).href);
  nodeModule.enableCompileCache?.(COMPILE_CACHE);
  await import(`../${plugin}/main.ts`);
  // The engine ends a plugin by killing it, so the cache is written now and not at exit.
  nodeModule.flushCompileCache?.();
};
