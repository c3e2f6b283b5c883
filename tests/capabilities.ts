import type { TestContext } from "vitest";

import { type EngineLocation, fromCache, fromPath } from "../scripts/engine/ways.ts";

/** What a probe found: the thing itself, or why it is not there. */
type Probed<T> = { readonly found: T } | { readonly missing: string };

/**
 * What a test may need of the machine, each asked of the machine itself.
 *
 * A probe installs nothing and is quick; `npm test` installs what it can before the tests start.
 */
export const capability = { engine: once(probeEngine) };

/**
 * Gives a test what it needs, or skips the test and says loudly why.
 *
 * With OPSPEC_TEST_REQUIRE=all the test fails instead, so that a machine that should have
 * everything cannot be green without having tested it.
 */
export async function requireCapability(
  context: TestContext,
  name: keyof typeof capability,
): Promise<EngineLocation> {
  const probed = await capability[name]();
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

function once<T>(probe: () => Promise<T>): () => Promise<T> {
  let probed: Promise<T> | undefined;
  return () => (probed ??= probe());
}
