import { type Context, Hono, type Next } from "hono";

import { exactTimestamp, nowMs } from "./clock.ts";
import type { Cloud, CloudEnv, CloudRoutes } from "./cloud.ts";
import { CONTROL_BASE, createControl } from "./control.ts";
import { renderPage } from "./page.ts";
import { answer } from "./render/requests.ts";
import { createRenderApi, errorAnswer, RENDER_BASE } from "./render/api.ts";
import { faultyAnswer } from "./request-faults.ts";

/** Where Cloudflare's API begins. */
export const CLOUDFLARE_BASE = "/client/v4";

/**
 * Host names of loopback. Another one comes from a web page that rebinds its own name (DNS
 * rebinding).
 */
const LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"];

/**
 * The HTTP app of the cloud. `changed` is called after each request that may have changed the
 * state.
 */
export function createApp(cloud: Cloud, changed: () => void): CloudRoutes {
  // Clients whose host ends with a slash send two of them.
  const app = new Hono<CloudEnv>({
    getPath: ({ url }) => new URL(url).pathname.replaceAll(/\/{2,}/g, "/"),
  });

  app.use(async (context, next) => {
    if (!isLocal(context)) {
      return answer(403, { message: "the local cloud answers only this machine, not web pages" });
    }
    await answered(context, cloud, async () => {
      await next();
      if (context.req.method !== "GET") changed();
    });
    return undefined;
  });

  app.route(RENDER_BASE, createRenderApi(cloud));
  app.route(CONTROL_BASE, createControl(cloud));
  app.get("/", (context) => renderPage(context, cloud));
  app.notFound(({ req }) =>
    answer(404, { message: `the local cloud does not know ${req.method} ${req.path}` }),
  );
  app.onError(errorAnswer);
  return app;
}

/** Answers a call to a vendor's API, with a queued fault if one matches, and logs it. */
async function answered(
  context: Context<CloudEnv>,
  cloud: Cloud,
  carryOut: () => Promise<void>,
): Promise<void> {
  const { method, path } = context.req;
  if (path === "/" || path.startsWith(`${CONTROL_BASE}/`)) return carryOut();

  const startedMs = performance.now();
  const at = exactTimestamp(nowMs(cloud.state));
  const query = new URL(context.req.url).search.slice(1);
  const fault = cloud.faults.takeForRequest(method, path);
  const status = fault
    ? await faultyAnswer(context, fault, { carryOut, stopping: cloud.stopping })
    : await plain(context, carryOut);

  const ms = Math.round(performance.now() - startedMs);
  return cloud.requests.add({ method, path, query, status, at, ms });
}

async function plain(context: Context<CloudEnv>, carryOut: Next): Promise<number> {
  await carryOut();
  return context.res.status;
}

/**
 * The cloud holds secrets and accepts any bearer token, so a web page in a browser must not reach
 * it.
 */
function isLocal(context: Context<CloudEnv>): boolean {
  const host = context.req.header("host") ?? "";
  const origin = context.req.header("origin");

  return (
    LOOPBACK_HOSTS.includes(host.replace(/:\d+$/, "")) &&
    (origin === undefined || origin === `http://${host}`)
  );
}
