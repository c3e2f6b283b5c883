import { createServer } from "node:http";
import type { Logger } from "pino";
import { watchLateness } from "../alerts/lateness.ts";
import { startRules } from "../alerts/rules.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { valueOf } from "../contract/env.ts";
import { nodeListener } from "../http.ts";
import { createHealth } from "../health/health.ts";
import { openOps } from "../ops/app.ts";
import { startedRuns } from "../ops/started-runs.ts";
import type { ProcessContext } from "../run/process.ts";
import type { RunProcess } from "../run/run.ts";
import { sendStartSummary } from "../sources/caches.ts";
import type { App } from "./app.ts";
import { startAppApi } from "./app-api/server.ts";
import { createSigns } from "./app-api/signs.ts";
import { type ReverseProxy, type ReverseProxyOptions, startReverseProxy } from "./reverse-proxy.ts";
import type { StartRefused } from "./start-refused.ts";
import { urlOf } from "./upstream.ts";

export type SidecarServers = Awaited<ReturnType<typeof startSidecarServers>>;

/** The app, which starts after the servers. */
export interface AppView {
  readonly app: () => App | undefined;
  /** Whether the app has listened since this process started. */
  readonly hasBeenUp: () => boolean;
  /** Why the app is not started, while it is not. */
  readonly refusal: () => StartRefused | undefined;
}

/**
 * Starts the servers beside the app: health, the API for the app, and the platform's port. They start
 * before the app and stop after it.
 */
export async function startSidecarServers(process: RunProcess, view: AppView, log: Logger) {
  const { manifest, env, directory, records, alerts, clock, caches } = process;
  const upstream = () => view.app()?.upstream();
  const health = createHealth({
    manifest,
    env,
    log,
    directory,
    records,
    appUrl: () => {
      const found = upstream();
      return found && urlOf(found);
    },
    checks: [startCheck(view)],
  });
  health.setReady("app", false);
  process.observers.add((record) => health.noteRun(record));
  const signs = createSigns();
  const api = await startAppApi({ process, health, signs });
  const runs = startedRuns(process);
  const { requestIdHeaders } = health;
  const about = () => {
    const problems = view.refusal()?.problems;
    return { app: view.app()?.state() ?? null, ...(problems ? { notStarted: problems } : {}) };
  };
  const states = () => rules.states();
  const ops = openOps(process, { runs, health, rules: states, requestIdHeaders, about });
  const own = nodeListener((request, connection) =>
    ops.isOwn(new URL(request.url).pathname)
      ? ops.fetch(request, connection)
      : health.handler(request),
  );
  const isOwn = (path: string) => ops.isOwn(path) || health.paths.has(path);
  const port = await openPort(process, { own, isOwn, upstream, requestIdHeaders, log });
  health.start();
  caches.start((summary) => void sendStartSummary(process, summary));
  alerts.start();
  const lateness = watchLateness({ manifest, records, alerts, env, log, clock });
  const rules = startRules({ manifest, health, alerts, env, log });
  return {
    health,
    signs,
    api,
    runs,
    close: async (withinMs: number): Promise<void> => {
      await port?.close(withinMs);
      await Promise.allSettled([api.close(), lateness.stop(), rules.stop()]);
      await health.close();
    },
  };
}

/**
 * Live only after the app has listened once: a platform that waits for health before it moves requests
 * must not move them to an app that is still starting. A later restart makes the process not ready,
 * and never dead.
 */
function startCheck(view: AppView) {
  return {
    name: "app-start",
    kind: "live" as const,
    critical: true,
    read: (): { problem?: string } => (view.hasBeenUp() ? {} : { problem: whyNotUp(view) }),
  };
}

function whyNotUp({ app, refusal }: AppView): string {
  const problems = refusal()?.problems;
  if (problems) return `the app was not started: ${problems.join(" ")}`;
  return app()?.state().problem ?? "the app is starting";
}

/** The reverse proxy on the platform's port, or only our own paths on `opsPort`, or nothing. */
async function openPort(
  { manifest, env }: ProcessContext,
  options: Omit<ReverseProxyOptions, "port" | "traceField">,
): Promise<Pick<ReverseProxy, "close"> | undefined> {
  const { front = false, opsPort } = manifest.app ?? {};
  const traceField = manifest.log?.traceField ?? "trace";
  if (front) {
    return startReverseProxy({ ...options, port: platformPort(valueOf(env, "PORT")), traceField });
  }
  if (opsPort === undefined) return undefined;
  const server = createServer(options.own);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(opsPort, () => resolve());
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function platformPort(text: string | undefined): number {
  const port = Number(text);
  if (text !== undefined && /^\d+$/.test(text) && port < 65_536) return port;
  const message = text === undefined ? "is not set." : "is no port.";
  const remedy = "Set it to the port to which the platform sends requests.";
  throw new ConfigurationError([{ where: "PORT", message, remedy }]);
}
