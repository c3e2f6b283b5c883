import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { HEADER_BYTES_MAX } from "./forward.ts";
import type { Upstream } from "./upstream.ts";

/** A request for a websocket: its connection, and the first bytes after its headers. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/**
 * Forwards a request for a websocket and connects both sides, or gives the client the app's refusal.
 *
 * @returns whether the app accepted
 * @throws the error of the connection when the app does not answer
 */
export async function forwardUpgrade(
  { request, socket, head }: Upgrade,
  { host, port }: Upstream,
  prepareAnswer: (answer: IncomingMessage) => void,
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const { url: path, headers } = request;
  const limits = { maxHeaderSize: HEADER_BYTES_MAX };
  const asked = httpRequest({ host, port, path, headers, agent: false, ...limits });
  asked.maxHeadersCount = 0;
  asked.on("error", reject);
  socket.once("close", () => asked.destroy());
  asked.once("response", (answer) => {
    prepareAnswer(answer);
    refuse(answer, request, socket);
    resolve(false);
  });
  asked.once("upgrade", (answer: IncomingMessage, appSocket: Socket, appHead: Buffer) => {
    const { upgrade } = answer.headers;
    prepareAnswer(answer);
    socket.write(headOf(answer, { ...answer.headers, connection: "Upgrade", upgrade }), "latin1");
    connectBoth({ socket, head }, { socket: appSocket, head: appHead });
    resolve(true);
  });
  asked.end();
  return promise;
}

/** Gives the client the app's answer and closes the connection. */
function refuse(answer: IncomingMessage, request: IncomingMessage, socket: Duplex): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once("finish", () => socket.end());
  answer.once("error", () => socket.destroy());
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers);
  answer.pipe(response);
}

interface End {
  readonly socket: Duplex;
  readonly head: Buffer;
}

function connectBoth(client: End, app: End): void {
  const directions = [
    [client, app],
    [app, client],
  ] as const;
  for (const [from, to] of directions) {
    from.socket.on("error", () => undefined);
    from.socket.once("close", () => to.socket.destroy());
    if (from.head.length > 0) to.socket.write(from.head);
    from.socket.pipe(to.socket);
  }
  if (client.socket.destroyed) app.socket.destroy();
}

function headOf({ statusMessage }: IncomingMessage, headers: IncomingHttpHeaders): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((it) => `${name}: ${it}\r\n`),
  );
  return `HTTP/1.1 101 ${statusMessage}\r\n${lines.join("")}\r\n`;
}
