import { errorCode } from "../contract/error-code.ts";
import { requestIdOf } from "../health/request-id.ts";
import { prepareAnswer, prepareRequest, type RequestId } from "./forwarded-headers.ts";
import { createProxyServer, proxyUpgrade, type ProxyServer } from "httpxy";
import type { Logger } from "pino";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Longer than the edge keeps its connections, or a request meets one that was just closed. @see https://render.com/docs/troubleshooting-deploys#other-502-errors */
const KEEP_ALIVE_MS = 120_000;

/** When a client may ask again while the app is not there, in s. */
const RETRY_AFTER_SECONDS = 2;

/** Where the app listens. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
}

export interface FrontOptions {
  /** 0 for any. */
  readonly port: number;
  /** Whether the runtime itself answers this path. */
  readonly isOwn: (path: string) => boolean;
  readonly own: (request: IncomingMessage, response: ServerResponse) => void;
  /** Undefined while the app does not listen. */
  readonly upstream: () => Upstream | undefined;
  /** Headers in which a request's id is taken; the first one carries it on. */
  readonly requestIdHeaders: readonly string[];
  /** Field of the log lines with that id. */
  readonly traceField: string;
  readonly log: Logger;
}

export interface Front {
  readonly port: number;
  /** Takes nothing new, lets what is under way end within the time, then cuts it. */
  close(withinMs: number): Promise<void>;
}

/**
 * Answers on the platform's port: the runtime's own paths by itself, everything else by the app.
 *
 * Bodies stream both ways, a client that goes away is gone for the app too, and each connection to
 * the app serves one request: one that is kept may be closed by the app in the very moment it is used.
 */
export async function startFront(options: FrontOptions): Promise<Front> {
  const proxy = createProxyServer({ agent: false, xfwd: false, proxyTimeout: 0 });
  const upgraded = new Set<Duplex>();
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Uploads take as long as they take; slow headers still end after Node's 60 s.
      requestTimeout: 0,
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    },
    (request, response) => {
      if (options.isOwn(pathOf(request))) options.own(request, response);
      else void passOn(options, proxy, { request, response });
    },
  );
  proxy.on("proxyRes", (answer, request) => {
    const id = idOf(options, request);
    prepareAnswer(answer.headers, id);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    void passUpgrade(options, { request, socket, head });
  });
  await listen(server, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: (withinMs) => close(server, upgraded, withinMs),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function passOn(
  options: FrontOptions,
  proxy: ProxyServer,
  exchange: Exchange,
): Promise<void> {
  const { request, response } = exchange;
  const startedMs = performance.now();
  const id = idOf(options, request);
  const path = pathOf(request);
  response.once("close", () => {
    const { method } = request;
    const status = response.headersSent ? response.statusCode : 499;
    const ms = Math.round(performance.now() - startedMs);
    const isCut = !response.writableFinished;
    const fields = { method, path, status, ms, ...(isCut ? { cut: true } : {}) };
    options.log.info({ ...fields, [options.traceField]: id.value }, "http_request");
  });
  const target = options.upstream();
  if (!target) return refuse(response, 503, id);
  prepareRequest(request.headers, senderOf(request), id);
  try {
    await proxy.web(request, response, { target: `http://${target.host}:${target.port}` });
  } catch (error) {
    options.log.warn(
      { path, why: codeOf(error), [options.traceField]: id.value },
      "the app did not answer",
    );
    if (response.headersSent) response.destroy();
    else refuse(response, 502, id);
  }
}

function refuse(response: ServerResponse, status: 502 | 503, id: RequestId): void {
  const error = status === 503 ? "the app is starting" : "the app did not answer";
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "retry-after": String(RETRY_AFTER_SECONDS),
    [id.header]: id.value,
  });
  response.end(`${JSON.stringify({ error, request_id: id.value })}\n`);
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

async function passUpgrade(
  options: FrontOptions,
  { request, socket, head }: Upgrade,
): Promise<void> {
  // An error that comes after the first one would have nobody to tell and end the process.
  socket.on("error", ignore);
  const id = idOf(options, request);
  const target = options.upstream();
  if (!target || options.isOwn(pathOf(request))) {
    const [status, retry] = target
      ? ["404 Not Found", ""]
      : ["503 Service Unavailable", retryLine()];
    socket.end(`HTTP/1.1 ${status}\r\n${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  prepareRequest(request.headers, senderOf(request), id);
  try {
    const passed = await proxyUpgrade(target, request, socket as Socket, head, { xfwd: false });
    passed.on("error", ignore);
    passed.once("close", () => socket.destroy());
    socket.once("close", () => passed.destroy());
    if (socket.destroyed) passed.destroy();
  } catch (error) {
    const fields = { path: pathOf(request), why: codeOf(error), [options.traceField]: id.value };
    options.log.info(fields, "the app did not take a websocket");
  }
}

function retryLine(): string {
  return `Retry-After: ${RETRY_AFTER_SECONDS}\r\n`;
}

function ignore(): void {}

/** The path without its query, which may hold what no log should. */
function pathOf({ url = "/" }: IncomingMessage): string {
  const path = url.startsWith("/") ? url : (URL.parse(url)?.pathname ?? "/");
  return path.split("?", 1)[0] ?? "/";
}

function idOf({ requestIdHeaders }: FrontOptions, request: IncomingMessage): RequestId {
  const given = requestIdHeaders.flatMap((name): [string, string][] => {
    const value = request.headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  const [header = "x-request-id"] = requestIdHeaders;
  const value = requestIdOf(new Headers(given), requestIdHeaders);
  // The same one again whenever this request is looked at.
  request.headers[header] = value;
  return { header, value };
}

function senderOf({ socket }: IncomingMessage) {
  return { address: socket.remoteAddress, port: socket.localPort };
}

function codeOf(error: unknown): string {
  return errorCode(error) ?? (error instanceof Error ? error.name : "unknown");
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function close(server: Server, upgraded: Set<Duplex>, withinMs: number): Promise<void> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), withinMs);
  for (const socket of upgraded) socket.destroy();
  await closed;
  clearTimeout(timer);
}
