import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { createAdaptorServer } from "@hono/node-server";

import { CLOUDFLARE_BASE, createApp } from "./app.ts";
import type { Cloud } from "./cloud.ts";
import { CONTROL_BASE } from "./control.ts";
import { createFaultQueue } from "./faults.ts";
import { LocalCloudStartError } from "./start-error.ts";
import { FAST_PHASES, REALISTIC_PHASES } from "./clock.ts";
import { createRateLimiter } from "./rate-limits.ts";
import { RENDER_BASE } from "./render/api.ts";
import { acceptLogSubscriptions } from "./render/log-subscription.ts";
import { giveUpAbandoned } from "./run/measured-deploy.ts";
import { startRunner } from "./run/runner.ts";
import type { RunOptions } from "./run/run-source.ts";
import { createRequestLog } from "./request-log.ts";
import { loadState, saveState } from "./state-file.ts";
import { emptyState } from "./state.ts";

/** Loopback only: the cloud is for its own user. */
const HOST = "127.0.0.1";

const TOKEN_BYTES = 32;

/** Options of a local cloud. */
export interface LocalCloudOptions {
  /** 0, the default, selects a free port. */
  readonly port?: number;
  /** Loaded at start, written after each change. Without it the state is in memory only. */
  readonly stateFile?: string;
  /** Deploys and databases take minutes, as on Render, instead of 300 ms per step. */
  readonly realistic?: boolean;
  /** Builds and starts services that have a folder; their processes end with the cloud. */
  readonly run?: RunOptions;
}

/** A running local cloud. */
export interface LocalCloud {
  /** The addresses that `opspec cloud` prints as its first line. */
  readonly urls: {
    readonly render: string;
    readonly cloudflare: string;
    readonly local: string;
    readonly page: string;
  };
  /** The only bearer token that Render's API accepts; absent when it accepts any, because it runs nothing. */
  readonly token?: string;
  /** Stops the services gracefully, closes the port and every open connection. */
  stop(): Promise<void>;
}

/** Starts Render's API and the cloud's own controls and page, on loopback. */
export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const { stateFile, run } = options;
  const stopping = new AbortController();
  const cloud = createCloud(options, stopping.signal);
  const save = (): void => {
    if (stateFile !== undefined) saveState(stateFile, cloud.state);
  };
  const app = createApp(cloud, () => {
    save();
    cloud.runner?.reconcile();
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  acceptLogSubscriptions(server, cloud);
  const port = await listen(server, options.port ?? 0);
  if (run) cloud.runner = await startRunner(cloud, run, save);
  giveUpAbandoned(cloud);

  const origin = `http://${HOST}:${port}`;
  return {
    urls: {
      render: `${origin}${RENDER_BASE}`,
      cloudflare: `${origin}${CLOUDFLARE_BASE}`,
      local: `${origin}${CONTROL_BASE}`,
      page: `${origin}/`,
    },
    ...(cloud.token !== undefined && { token: cloud.token }),
    async stop() {
      stopping.abort();
      await cloud.runner?.stop();
      await closed(server);
    },
  };
}

function createCloud(options: LocalCloudOptions, stopping: AbortSignal): Cloud {
  const { stateFile, realistic, run } = options;
  return {
    // What is deployed runs as the cloud's user, so another user of the machine must not deploy.
    ...(run && { token: randomBytes(TOKEN_BYTES).toString("base64url") }),
    state: stateFile === undefined ? emptyState() : loadState(stateFile),
    phases: realistic ? REALISTIC_PHASES : FAST_PHASES,
    faults: createFaultQueue(),
    requests: createRequestLog(),
    limits: createRateLimiter(),
    stopping,
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(cause.code === "EADDRINUSE" ? portIsBusy(port, cause) : cause);
    });
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

function portIsBusy(port: number, cause: Error): Error {
  return new LocalCloudStartError(
    `local cloud: port ${port} is taken by another program. Choose another port, or omit it to get a free one.`,
    { cause },
  );
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
