import type { ManifestHealth } from "../src/contract/health.ts";
import { createHealth, type Health, type HealthOptions } from "../src/health/health.ts";
import { createLogger } from "../src/log.ts";

/** A clock that tests advance. */
export interface ManualClock {
  now(): Date;
  advance(seconds: number): void;
}

/** Health with its log, requested in process. */
export interface ScratchHealth {
  readonly health: Health;
  readonly lines: string[];
  get(path: string, headers?: Record<string, string>): Promise<Got>;
}

/** A read answer. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body; undefined if it is not JSON. */
  readonly body: unknown;
}

/** A clock at a fixed time. */
export function manualClock(start = "2026-11-22T10:00:00.000Z"): ManualClock {
  let nowMs = Date.parse(start);
  return {
    now: () => new Date(nowMs),
    advance: (seconds) => {
      nowMs += seconds * 1000;
    },
  };
}

/** Health of a sample system. Tests of checks start it. */
export function scratchHealth(
  health: ManifestHealth,
  options: Partial<HealthOptions> = {},
): ScratchHealth {
  const lines: string[] = [];
  const made = createHealth({
    manifest: {
      system: "shop",
      stack: "shop",
      environment: "production",
      process: "web",
      health,
      log: {},
    },
    env: {},
    log: createLogger({
      manifest: undefined,
      env: {},
      name: "health",
      write: (line) => lines.push(line),
    }),
    ...options,
  });
  return { health: made, lines, get: (path, headers = {}) => ask(made, path, headers) };
}

async function ask(health: Health, path: string, headers: Record<string, string>): Promise<Got> {
  const request = new Request(`http://localhost${path}`, { headers });
  const response = await health.handler(request);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
