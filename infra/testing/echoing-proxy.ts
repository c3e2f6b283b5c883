import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A proxy in front of a cloud that refuses one kind of call and echoes the request in the error. */
export interface EchoingProxy {
  /** Base address, with the path of the cloud's API. */
  readonly url: string;
  /** All echoed texts. */
  said(): string;
  stop(): Promise<void>;
}

/** Starts a proxy in front of the API at `target`; `refused` is a call such as `POST /v1/services`. */
export async function startEchoingProxy(target: string, refused: string): Promise<EchoingProxy> {
  const upstream = new URL(target);
  let said = "";
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const sent = await buffer(incoming);
      if (`${incoming.method} ${incoming.url}` !== refused) {
        return forward({ incoming, outgoing, upstream }, sent);
      }
      const message = `invalid: ${sent.toString()}`;
      said += message;
      outgoing.writeHead(400, { "content-type": "application/json" });
      return void outgoing.end(JSON.stringify({ message }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${upstream.pathname}`,
    said: () => said,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly upstream: URL;
}

function forward({ incoming, outgoing, upstream }: Exchange, sent: Buffer): void {
  const { method, url: path, headers } = incoming;
  const { hostname: host, port } = upstream;
  const options = { host, port, path, method, headers: { ...headers, host: upstream.host } };
  const onward = request(options, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  onward.end(sent);
}
