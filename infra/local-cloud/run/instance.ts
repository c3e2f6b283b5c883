import { setTimeout as sleep } from "node:timers/promises";

import { freePort } from "./address.ts";
import { type HealthSign, isHealthy, untilHealthy } from "./health.ts";
import type { Release } from "./release.ts";
import { startCommand, StepFailure, type StepPlace, type Tools } from "./step.ts";

/** One running instance of a service. */
export interface Instance {
  readonly release: Release;
  readonly port: number | undefined;
  /** Resolves with the way it ended, in words. */
  readonly ended: Promise<string>;
  /** Sends SIGTERM, and SIGKILL after the service's shutdown delay. */
  readonly stop: () => Promise<void>;
}

/**
 * Default start limit of an instance. Render waits 15 min, which is too long for somebody who
 * watches.
 */
const START_LIMIT_MS = 120_000;

/** Probe interval of a live instance. */
const WATCH_MS = 5000;

/** An instance that fails for this long is restarted. @see https://render.com/docs/health-checks */
const UNHEALTHY_MAX_MS = 60_000;

interface Start extends StepPlace {
  readonly release: Release;
  readonly limitMs: number | undefined;
}

/**
 * Starts an instance and waits until it is healthy. @throws StepFailure when it ends or does not
 * become healthy
 */
export async function startInstance(start: Start, tools: Tools): Promise<Instance> {
  const { release, serviceId, signal, limitMs = START_LIMIT_MS } = start;
  const port = release.hasPort ? await freePort() : undefined;
  const { command } = release;
  const group = startCommand({ release, command, type: "app", serviceId, port }, tools);
  const over = new AbortController();
  const ended = group.ended.then(({ words }) => {
    over.abort();
    return words;
  });
  const sign = signOf(release, port);
  try {
    await becomeHealthy({ sign, ended, over: over.signal, signal, limitMs });
  } catch (error) {
    await group.stop(release.graceMs);
    throw error;
  }
  const stop = (): Promise<void> => group.stop(release.graceMs);
  void watch({
    sign,
    over: over.signal,
    stop,
    say: (line) => tools.log.add(serviceId, "app", line),
  });
  return { release, port, ended, stop };
}

interface Waiting {
  readonly sign: HealthSign;
  readonly ended: Promise<string>;
  readonly over: AbortSignal;
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

async function becomeHealthy({ sign, ended, over, signal, limitMs }: Waiting): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  const healthy = untilHealthy(sign, AbortSignal.any([limit, signal, over])).then(
    () => true,
    () => false,
  );
  if (await healthy) return;
  signal.throwIfAborted();
  throw new StepFailure(
    "update_failed",
    over.aborted
      ? `the start command ${await ended}`
      : `${wantOf(sign)} within ${limitMs / 1000} s`,
  );
}

function wantOf(sign: HealthSign): string {
  return sign.kind === "path"
    ? `the health check path ${sign.path} did not answer with 2xx or 3xx`
    : "no open port was found at PORT";
}

function signOf({ healthPath }: Release, port: number | undefined): HealthSign {
  if (port === undefined) return { kind: "alive" };
  return healthPath === undefined
    ? { kind: "port", port }
    : { kind: "path", port, path: healthPath };
}

interface Watching {
  readonly sign: HealthSign;
  readonly over: AbortSignal;
  readonly stop: () => Promise<void>;
  readonly say: (line: string) => void;
}

/** Stops an instance that no longer answers; its owner starts a new one. */
async function watch({ sign, over, stop, say }: Watching): Promise<void> {
  let wellAtMs = performance.now();
  while (await passed(WATCH_MS, over)) {
    if (await isHealthy(sign)) wellAtMs = performance.now();
    else if (performance.now() - wellAtMs >= UNHEALTHY_MAX_MS) {
      say(`==> The instance failed its health check for ${UNHEALTHY_MAX_MS / 1000} s: restarting`);
      return stop();
    }
  }
}

function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, undefined, { signal, ref: false }).then(
    () => true,
    () => false,
  );
}
