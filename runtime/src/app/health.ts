import type { Logger } from "pino";
import type { ManifestHealth } from "../contract/health.ts";
import type { Check } from "../health/check.ts";
import { createHealth as createRuntimeHealth, type Health } from "../health/health.ts";
import { createLogger as createRuntimeLogger } from "../log.ts";
import type { RecordStore } from "../contract/run-record.ts";
import type { Env } from "../contract/env.ts";
import { appEnvironment } from "./app-environment.ts";

/** What an app gives to its health; everything has a default. */
export interface AppHealthOptions {
  /** What the app is called where no manifest says it. */
  readonly name?: string;
  /** Checks of its own, beside those of its manifest. */
  readonly checks?: readonly Check[];
  /** The shape of the answers, and checks by their probes, where no manifest says them. */
  readonly health?: ManifestHealth;
  readonly records?: RecordStore;
  readonly env?: Env;
  readonly log?: Logger;
}

/**
 * Health for a Node app: the checks, paths and shapes of its manifest, and checks of its own.
 *
 * @example
 * const health = createHealth({ name: "shop", checks: [{ name: "model", kind: "ready", probe }] });
 * health.start();
 * createServer(nodeListener(health.handler)).listen(port);
 */
export function createHealth(options: AppHealthOptions = {}): Health {
  const { manifest, env } = appEnvironment(options.env);
  const { name = "app", checks = [], health = {}, records } = options;
  const log = options.log ?? createRuntimeLogger({ manifest, env, name: "health" });
  const environment = env["NODE_ENV"] === "production" ? "production" : "staging";
  const alone = { system: name, stack: name, environment, process: name } as const;
  return createRuntimeHealth({
    manifest: manifest ? { ...manifest, health: manifest.health ?? health } : { ...alone, health },
    env,
    log,
    checks,
    ...(records ? { records } : {}),
  });
}
