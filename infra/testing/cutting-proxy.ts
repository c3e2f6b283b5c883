import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What happens to one call: its connection is cut, it is answered with an error, or something is done. */
export type Cut =
  | "reset-before"
  | "reset-after"
  | { readonly status: number }
  | { readonly before: () => void }
  | { readonly after: () => void };

/** Stands between a plugin and a cloud, counts the calls, and cuts the one that it was told to. */
export interface CuttingProxy {
  /** Base address, with the path of the one that it stands before. */
  readonly url: string;
  /** Different calls since the last `cutAt`, as `METHOD /path` with ids as `<id>`: a poll is one. */
  calls(): string[];
  /** Cuts the first of the calls of this text; any other goes through. */
  cutAt(call: string, how: Cut): void;
  /** How many calls have been cut since the last `cutAt`: none means that the call never came. */
  struck(): number;
  /** Lets everything through. */
  heal(): void;
  stop(): Promise<void>;
}

/** Starts a proxy before the API at `target`. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const upstream = new URL(target);
  let seen = new Set<string>();
  let cut: { call: string; how: Cut } | undefined;
  let struck = 0;
  const server = createServer((incoming, outgoing) => {
    const call = callOf(incoming);
    const how = call === cut?.call && !seen.has(call) ? cut.how : undefined;
    seen.add(call);
    if (how !== undefined) struck += 1;
    void answer({ incoming, outgoing, upstream }, how);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${upstream.pathname}`,
    calls: () => [...seen],
    cutAt: (call, how) => {
      seen = new Set();
      cut = { call, how };
      struck = 0;
    },
    struck: () => struck,
    heal: () => {
      seen = new Set();
      cut = undefined;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ID = /\b[a-z]{3}-[0-9a-v]{20}(-[a-z])?/g;

function callOf({ method, url }: IncomingMessage): string {
  return `${method} ${url?.replace(ID, "<id>")}`;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly upstream: URL;
}

async function answer(exchange: Exchange, how: Cut | undefined): Promise<void> {
  const { incoming, outgoing } = exchange;
  if (how === "reset-before") return void incoming.socket.resetAndDestroy();
  if (typeof how === "object" && "before" in how) {
    how.before();
    return void incoming.socket.resetAndDestroy();
  }
  if (typeof how === "object" && "status" in how) {
    outgoing.writeHead(how.status, { "content-type": "application/json", "retry-after": "0" });
    return void outgoing.end(JSON.stringify({ message: "injected" }));
  }
  const response = await forward(exchange);
  if (how !== undefined) {
    if (typeof how === "object") how.after();
    return void incoming.socket.resetAndDestroy();
  }
  outgoing.writeHead(response.status, response.headers);
  outgoing.end(response.body);
}

interface Forwarded {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function forward({ incoming, upstream }: Exchange): Promise<Forwarded> {
  const sent = await buffer(incoming);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: upstream.hostname,
        port: upstream.port,
        path: incoming.url,
        method: incoming.method,
        headers: { ...incoming.headers, host: upstream.host },
      },
      (response) => {
        const { statusCode: status = 0, headers } = response;
        buffer(response).then((body) => resolve({ status, headers, body }), reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(sent);
  });
}
