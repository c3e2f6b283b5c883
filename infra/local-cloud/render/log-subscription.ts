import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

import { type WebSocket, WebSocketServer } from "ws";

import { ApiError } from "../api-error.ts";
import { nowMs } from "../clock.ts";
import type { Cloud } from "../cloud.ts";
import { isAllowed, RENDER_BASE } from "./api.ts";
import { askedLines, isAsked } from "./logs.ts";

/** How often new lines are sent. */
const POLL_MS = 250;

/** `GET /logs/subscribe`: a websocket that sends each new line of the query as a JSON text. */
export function acceptLogSubscriptions(server: Server, cloud: Cloud): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const status = statusOf(cloud, request, { pathname, searchParams });
    if (status === 101) {
      sockets.handleUpgrade(request, socket, head, (it) => sendNewLines(it, cloud, searchParams));
    } else {
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\n\r\n`);
    }
  });
}

function statusOf(
  cloud: Cloud,
  request: IncomingMessage,
  { pathname, searchParams }: Pick<URL, "pathname" | "searchParams">,
): number {
  if (pathname.replaceAll(/\/+/g, "/") !== `${RENDER_BASE}/logs/subscribe`) return 404;
  if (!isAllowed(cloud, request.headers.authorization)) return 401;
  try {
    askedLines(cloud, searchParams);
    return 101;
  } catch (error) {
    if (error instanceof ApiError) return error.status;
    throw error;
  }
}

function sendNewLines(socket: WebSocket, cloud: Cloud, query: URLSearchParams): void {
  const sent = new Set<string>();
  const startMs = nowMs(cloud.state);
  const send = (): void => {
    for (const line of askedLines(cloud, query)) {
      const isNew = Date.parse(line.timestamp) >= startMs && !sent.has(line.id);
      if (!isNew || !isAsked(line, query)) continue;
      sent.add(line.id);
      socket.send(JSON.stringify(line));
    }
  };
  const timer = setInterval(send, POLL_MS);
  socket.on("close", () => clearInterval(timer));
  cloud.stopping.addEventListener("abort", () => socket.terminate(), { once: true });
}
