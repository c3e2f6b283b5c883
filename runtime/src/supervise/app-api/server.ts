import { nodeListener } from "../../health/adapters/node-http.ts";
import { BODY_BYTES_MAX } from "../../ops/json-api/exchange.ts";
import { type AppApi, type AppApiOptions, createAppApi } from "./handler.ts";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** As long as its hash in bytes: more could not be told apart. */
const TOKEN_BYTES = 32;

export interface AppApiServer extends Pick<AppApi, "appEnded"> {
  /** What the app finds in its environment. */
  readonly env: { readonly OPSPEC_URL: string; readonly OPSPEC_TOKEN: string };
  close(): Promise<void>;
}

/** Listens on this machine only, with a token that is new at each start of the process. */
export async function startAppApi(options: Omit<AppApiOptions, "token">): Promise<AppApiServer> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const api = createAppApi({ ...options, token });
  const server = createServer(nodeListener(api.handler, { bodyBytesMax: BODY_BYTES_MAX }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    env: { OPSPEC_URL: `http://127.0.0.1:${port}`, OPSPEC_TOKEN: token },
    appEnded: api.appEnded,
    close: () =>
      (closing ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })),
  };
}
