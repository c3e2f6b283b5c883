import type { RunProcess } from "../run/run.ts";
import { createServer, type Server } from "node:http";
import type { Logger } from "pino";
import { watchLateness } from "../alerts/lateness.ts";
import { startRules } from "../alerts/rules.ts";
import { startAppApi } from "./app-api/server.ts";
import { createSigns } from "./app-api/signs.ts";
import { tellStart } from "../sources/caches/start-summary.ts";
import { nodeListener } from "../health/adapters/node-http.ts";
import { createHealth, type Health } from "../health/health.ts";
import { BODY_BYTES_MAX } from "../ops/json-api/exchange.ts";
import { openOps } from "../ops/router.ts";
import { startedRuns } from "../ops/started-runs.ts";
import type { ProcessContext } from "../run/process.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { valueOf } from "../contract/env.ts";
import type { App } from "./app.ts";
import { type Front, startFront } from "./front.ts";

/** What is around the app: it is there before the app and until after it. */
export type Surroundings = Awaited<ReturnType<typeof openSurroundings>>;

/** What is known of the app while it may not be there yet. */
export interface AppView {
  readonly app: () => App | undefined;
  /** Whether it listened at any time since this process began. */
  readonly hasBeenUp: () => boolean;
}

/** Opens health, the API for the app, and the port on which the platform asks. */
export async function openSurroundings(process: RunProcess, view: AppView, log: Logger) {
  const { manifest, env, directory, records, alerts, clock, caches } = process;
  const upstream = () => view.app()?.upstream();
  const health = createHealth({
    manifest,
    env,
    log,
    directory,
    records,
    appUrl: () => urlOf(upstream()),
    checks: [startCheck(view)],
  });
  health.setReady("app", false);
  process.observers.add((record) => health.noteRun(record));
  const signs = createSigns();
  const api = await startAppApi({ process, health, signs });
  const runs = startedRuns(process);
  const { requestIdHeaders } = health;
  const about = () => ({ app: view.app()?.state() ?? null });
  const ops = openOps(process, { runs, health, requestIdHeaders, about });
  const own = nodeListener(
    (request, caller) =>
      ops.isOwn(new URL(request.url).pathname)
        ? ops.handler(request, caller)
        : health.handler(request),
    { bodyBytesMax: BODY_BYTES_MAX, takesStream: ops.takesStream },
  );
  const isOwn = (path: string) => ops.isOwn(path) || health.paths.has(path);
  const door = await openDoor(process, { own, isOwn, upstream, health, log });
  health.start();
  caches.start((summary) => void tellStart(process, summary));
  alerts.start();
  const lateness = watchLateness({ manifest, records, alerts, env, log, clock });
  const rules = startRules({ manifest, health, alerts, env, log });
  return {
    health,
    signs,
    api,
    runs,
    door,
    close: async (withinMs: number): Promise<void> => {
      await door?.close(withinMs);
      await Promise.allSettled([api.close(), lateness.stop(), rules.stop()]);
      await health.close();
    },
  };
}

/**
 * An instance lives once its app has listened: a platform that waits for health before it moves
 * requests over must not move them to an app that is still starting. Later restarts of the app make
 * it not ready, and never dead.
 */
function startCheck({ hasBeenUp }: AppView) {
  return {
    name: "app-start",
    kind: "live" as const,
    critical: true,
    peek: (): { problem?: string } => (hasBeenUp() ? {} : { problem: "the app is starting" }),
  };
}

interface Door {
  readonly own: ReturnType<typeof nodeListener>;
  readonly isOwn: (path: string) => boolean;
  readonly upstream: () => ReturnType<App["upstream"]>;
  readonly health: Health;
  readonly log: Logger;
}

/** In front of the app on the platform's port, or on a port of its own, or none. */
async function openDoor(process: ProcessContext, door: Door): Promise<Front | undefined> {
  const { manifest, env } = process;
  const { front = false, opsPort } = manifest.app ?? {};
  if (front) {
    return startFront({
      ...door,
      port: platformPort(valueOf(env, "PORT")),
      requestIdHeaders: door.health.requestIdHeaders,
      traceField: manifest.log?.traceField ?? "trace",
    });
  }
  if (opsPort === undefined) return undefined;
  const server = createServer(door.own);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(opsPort, resolve);
  });
  return { port: opsPort, close: () => closeNow(server) };
}

function closeNow(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function platformPort(said: string | undefined): number {
  const port = Number(said);
  if (said !== undefined && /^\d+$/.test(said) && port < 65_536) return port;
  const message = said === undefined ? "is not set." : "is no port.";
  const remedy = "Set it to the port on which the platform sends requests.";
  throw new ConfigurationError([{ where: "PORT", message, remedy }]);
}

function urlOf(upstream: ReturnType<App["upstream"]>): string | undefined {
  if (!upstream) return undefined;
  const host = upstream.host.includes(":") ? `[${upstream.host}]` : upstream.host;
  return `http://${host}:${upstream.port}`;
}
