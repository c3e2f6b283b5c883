#!/usr/bin/env node
import { reexecuteIfOlder } from "../bootstrap/node.mjs";

await reexecuteIfOlder(import.meta.url);
const { main } = await import("../opspec.ts");
process.exitCode = await main(process.argv.slice(2));
