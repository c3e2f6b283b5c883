import { setTimeout as sleep } from "node:timers/promises";
import type { Deployment } from "./deployment.ts";
import type { Finding } from "./finding.ts";

/** Time after a deploy in which an app's own checks have their first results. */
const FIRST_RESULTS_MS = 30_000;

/** Interval between two tries. */
const TRY_AGAIN_MS = 500;

/**
 * Runs a check of a running app, and repeats a failed one while the app has only just been deployed.
 *
 * A deploy is live when the process listens. Its background checks have no results until their first
 * probes end, so directly after `up` the app is not ready yet.
 */
export async function settled(
  { observed }: Deployment,
  check: () => Promise<Finding>,
): Promise<Finding> {
  const deploys = Object.values(observed.services).flatMap((it) => it?.deployedAt ?? []);
  const now = Date.now();
  const recent = deploys.map((it) => Date.parse(it)).filter((it) => it <= now);
  const until = Math.max(0, ...recent) + FIRST_RESULTS_MS;
  for (;;) {
    const finding = await check();
    if (finding.status !== "failed" || Date.now() >= until) return finding;
    await sleep(TRY_AGAIN_MS);
  }
}
