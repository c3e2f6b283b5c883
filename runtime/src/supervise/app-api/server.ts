import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import {
  type Connection,
  HttpError,
  isSameKey,
  json,
  methodNotAllowed,
  nodeListener,
  toHttpError,
  unknownName,
} from "../../http.ts";
import { openRuns } from "./open-runs.ts";
import { APP, APP_ROUTES, type AppApi } from "./routes.ts";

/** As long as the token's hash in bytes; more would add nothing. */
const TOKEN_BYTES = 32;

/** The app API, by which the app reports what it does and asks what the runtime knows. */
export interface AppApiServer {
  /** What the app gets in its environment. */
  readonly env: { readonly OPSPEC_URL: string; readonly OPSPEC_TOKEN: string };
  /** The app ended: its open runs are lost, and its reports no longer count. */
  appEnded(): Promise<void>;
  close(): Promise<void>;
}

/** Listens on loopback only, with a token that is new at each start of the process. */
export async function startAppApi(
  options: Pick<AppApi, "process" | "health" | "signs">,
): Promise<AppApiServer> {
  const { process, health } = options;
  const api: AppApi = { ...options, runs: openRuns(process, health), reportsReady: false };
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const server = createServer(nodeListener(createApp(api, token).fetch));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    env: { OPSPEC_URL: `http://127.0.0.1:${port}`, OPSPEC_TOKEN: token },
    appEnded: async () => {
      health.forgetComponents();
      // An app that reported its readiness once must report it again after a restart.
      if (api.reportsReady) health.setReady(APP, false);
      await api.runs.loseAll();
    },
    close: () =>
      (closing ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })),
  };
}

function createApp(api: AppApi, token: string): Hono<{ Bindings: Connection }> {
  const app = new Hono<{ Bindings: Connection }>();
  app.use(async (c, next) => {
    const given = /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
    if (!isSameKey(given, token)) throw new HttpError(401, "the token is missing or wrong");
    await next();
  });
  for (const { method, path, answer } of APP_ROUTES) {
    app.on(method, path, async (c) => json(200, (await answer(api, c)) ?? { ok: true }));
    app.all(path, () => {
      throw methodNotAllowed([method]);
    });
  }
  app.all("*", (c) => {
    const paths = APP_ROUTES.map(({ path }) => path.replace(/:.*/, "<name>"));
    throw unknownName("path", c.req.path, paths);
  });
  app.onError((error, c) => {
    const known = toHttpError(error);
    const { status, message, headers } = known;
    if (known !== error) {
      const { path } = c.req;
      api.process.log.error({ err: error, path }, "a request of the app failed");
    }
    return json(status, { error: message }, headers);
  });
  return app;
}
