import type { Registry } from "prom-client";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Env } from "../contract/env.ts";
import type { CheckResult } from "./check.ts";
import type { EventTally } from "./event-tally.ts";
import type { Reports } from "./reports.ts";
import type { RunTally } from "./run-tally.ts";
import type { Clock } from "./steady-clock.ts";
import type { Evidence } from "./verdict.ts";

/** Which process of which system this is. */
export type Identity = Pick<RuntimeManifest, "system" | "stack" | "environment" | "process">;

/** Everything that is known without waiting: answers and metrics are made from it and nothing else. */
export interface HealthView {
  readonly identity: Identity;
  readonly env: Env;
  readonly clock: Clock;
  readonly startedAt: Date;
  readonly reports: Reports;
  readonly runs: RunTally;
  readonly events: EventTally;
  readonly registry: Registry;
  results(): readonly CheckResult[];
  evidence(): Evidence;
}

/** The app's own version, where the environment tells it. Render and the VM's deploys set a commit. */
export function appVersion(env: Env): string {
  return env["APP_VERSION"] ?? env["RENDER_GIT_COMMIT"] ?? env["GIT_SHA"] ?? "unknown";
}

/** Seconds from an instant to now, or null when it never was. */
export function secondsSince(at: Date | undefined, clock: Clock): number | null {
  return at ? Math.max(0, (clock.now().getTime() - at.getTime()) / 1000) : null;
}
