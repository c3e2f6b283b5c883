import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { errorCode } from "../contract/error-code.ts";
import { requestIdOf } from "../http.ts";
import {
  endAfterUpload,
  type Exchange,
  forwardRequest,
  HEADER_BYTES_MAX,
  useOriginForm,
} from "./forward.ts";
import { forwardUpgrade, type Upgrade } from "./forward-upgrade.ts";
import type { Upstream } from "./upstream.ts";

/** Longer than the edge keeps its connections: else a request meets a connection that just closed. @see https://render.com/docs/troubleshooting-deploys#other-502-errors */
const KEEP_ALIVE_MS = 120_000;

/** `Retry-After` while the app is down, in s. */
const RETRY_AFTER_SECONDS = 2;

/** Headers of one connection, which a proxy does not forward. @see RFC 9110, 7.6.1 */
const HOP_BY_HOP = [
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
];

/** Node's code for headers over the limit. */
const TOO_LARGE = "HPE_HEADER_OVERFLOW";

/** Answers to requests that cannot be read, by Node's code; any other is a 400. */
const UNREADABLE: Readonly<Record<string, string>> = {
  [TOO_LARGE]: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

export interface ReverseProxyOptions {
  /** 0 for any. */
  readonly port: number;
  /** Whether the runtime answers this path itself. */
  readonly isOwn: (path: string) => boolean;
  readonly own: (request: IncomingMessage, response: ServerResponse) => void;
  /** Undefined while the app does not listen. */
  readonly upstream: () => Upstream | undefined;
  /** Headers that may hold a request id; the first one carries it on. */
  readonly requestIdHeaders: readonly string[];
  /** Field of the log lines for the request id. */
  readonly traceField: string;
  readonly log: Logger;
}

export interface ReverseProxy {
  readonly port: number;
  /** Accepts nothing new, waits for open requests within the time, then cuts them. */
  close(withinMs: number): Promise<void>;
}

/**
 * Listens on the platform's port, answers the runtime's own paths and forwards all others to the app.
 *
 * Bodies stream both ways. When a client disconnects, its request to the app ends too. A connection
 * to the app serves one request: the app may close a kept one just when the next request uses it.
 */
export async function startReverseProxy(options: ReverseProxyOptions): Promise<ReverseProxy> {
  const upgraded = new Set<Duplex>();
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      // An upload may take any time; slow headers still end after Node's 60 s.
      requestTimeout: 0,
      maxHeaderSize: HEADER_BYTES_MAX,
      shouldUpgradeCallback: ({ headers }) => isWebsocket(headers),
    },
    (request, response) => {
      useOriginForm(request);
      if (options.isOwn(pathOf(request))) options.own(request, response);
      else void forward(options, { request, response });
    },
  );
  server.maxHeadersCount = 0;
  server.on("clientError", (error, socket) => refuseUnreadable(options, error, socket));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    useOriginForm(request);
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    void passUpgrade(options, { request, socket, head });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(options.port, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return { port, close: (withinMs) => close(server, upgraded, withinMs) };
}

/** Answers a request that cannot be read as Node does, and logs one with too large headers. */
function refuseUnreadable({ log }: ReverseProxyOptions, error: Error, socket: Duplex): void {
  const code = errorCode(error) ?? "";
  if (code === TOO_LARGE) log.warn("the headers of the request are larger than 64 KB");
  if (!socket.writable || code === "ECONNRESET") return void socket.destroy();
  const status = UNREADABLE[code] ?? "400 Bad Request";
  return void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
}

async function forward(
  options: ReverseProxyOptions,
  { request, response }: Exchange,
): Promise<void> {
  const id = idOf(options, request);
  logExchange(options, { request, response }, id);
  const target = options.upstream();
  if (!target) return refuse({ request, response }, 503, id);
  prepareRequest(request, id);
  try {
    await forwardRequest({ request, response }, target, (answer) => prepareAnswer(answer, id));
  } catch (error) {
    const fields = { path: pathOf(request), why: reasonOf(error), [options.traceField]: id.value };
    const isTooLarge = errorCode(error) === TOO_LARGE;
    const large = "the headers of the app's answer are larger than 64 KB";
    options.log.warn(fields, isTooLarge ? large : "the app did not answer");
    if (response.headersSent) response.destroy();
    else refuse({ request, response }, 502, id);
  }
}

function logExchange(
  { log, traceField }: ReverseProxyOptions,
  { request, response }: Exchange,
  id: RequestId,
): void {
  const startedMs = performance.now();
  const { method } = request;
  const path = pathOf(request);
  response.once("close", () => {
    const status = response.headersSent ? response.statusCode : 499;
    const ms = Math.round(performance.now() - startedMs);
    const cut = response.writableFinished ? {} : { cut: true };
    log.info({ method, path, status, ms, ...cut, [traceField]: id.value }, "http_request");
  });
}

function refuse({ request, response }: Exchange, status: 502 | 503, id: RequestId): void {
  const error = status === 503 ? "the app is not up" : "the app did not answer";
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "retry-after": String(RETRY_AFTER_SECONDS),
    [id.header]: id.value,
  });
  response.write(`${JSON.stringify({ error, request_id: id.value })}\n`);
  endAfterUpload({ request, response });
}

async function passUpgrade(
  options: ReverseProxyOptions,
  { request, socket, head }: Upgrade,
): Promise<void> {
  // Without a listener, a second error of the socket would end the process.
  socket.on("error", ignore);
  const id = idOf(options, request);
  const target = options.upstream();
  if (!target || options.isOwn(pathOf(request))) {
    const status = target
      ? "404 Not Found\r\n"
      : `503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_SECONDS}\r\n`;
    socket.end(`HTTP/1.1 ${status}Connection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  prepareRequest(request, id);
  const fields = { path: pathOf(request), [options.traceField]: id.value };
  const message = "the app did not accept a websocket";
  try {
    const isAccepted = await forwardUpgrade({ request, socket, head }, target, (answer) =>
      prepareAnswer(answer, id),
    );
    if (!isAccepted) options.log.info(fields, message);
  } catch (error) {
    options.log.info({ ...fields, why: reasonOf(error) }, message);
    socket.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }
}

function ignore(): void {}

/**
 * Makes a request's headers fit for the app, in place.
 *
 * `X-Forwarded-*` of the platform's edge stay as they are: an app that trusts one proxy takes the last
 * address, which must be the client as the edge saw it. Node has answered `Expect` already.
 */
function prepareRequest({ headers, socket }: IncomingMessage, id: RequestId): void {
  const isUpgrade = isWebsocket(headers);
  removeHopByHop(headers, isUpgrade ? "upgrade" : undefined);
  delete headers["expect"];
  if (isUpgrade) headers.connection = "Upgrade";
  else {
    delete headers.upgrade;
    headers.connection = "close";
  }
  // A socket of both families prefixes an IPv4 address.
  headers["x-forwarded-for"] ??= socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, "");
  headers["x-forwarded-proto"] ??= "http";
  if (headers.host !== undefined) headers["x-forwarded-host"] ??= headers.host;
  headers["x-forwarded-port"] ??=
    socket.localPort === undefined ? undefined : `${socket.localPort}`;
  setRequestId(headers, id);
}

function isWebsocket({ upgrade }: IncomingHttpHeaders): boolean {
  return upgrade?.toLowerCase() === "websocket";
}

/** Makes an answer's headers fit for the client, in place. */
function prepareAnswer({ headers }: IncomingMessage, id: RequestId): void {
  removeHopByHop(headers);
  delete headers.upgrade;
  delete headers.connection;
  // The framing of the app's connection; Node frames the answer for the client's version of HTTP.
  if (headers["transfer-encoding"] === "chunked") delete headers["transfer-encoding"];
  setRequestId(headers, id);
}

function removeHopByHop(headers: IncomingHttpHeaders, kept?: string): void {
  const named = `${headers.connection ?? ""},${String(headers["proxy-connection"] ?? "")}`
    .split(",")
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== "" && token !== "close" && token !== "transfer-encoding");
  for (const name of [...HOP_BY_HOP, ...named]) {
    if (name !== kept && !isProtected(name)) delete headers[name];
  }
}

/** `Connection` must not remove the headers that frame the body or that the edge vouches for. */
function isProtected(name: string): boolean {
  return name === "content-length" || name === "host" || name.startsWith("x-forwarded-");
}

/** The path without its query, which may hold a secret. */
function pathOf({ url = "/" }: IncomingMessage): string {
  const path = url.startsWith("/") ? url : (URL.parse(url)?.pathname ?? "/");
  return path.split("?", 1)[0] ?? "/";
}

/** The id of a request and the header that carries it. */
interface RequestId {
  readonly header: string;
  readonly value: string;
}

function idOf({ requestIdHeaders }: ReverseProxyOptions, { headers }: IncomingMessage): RequestId {
  const given = requestIdHeaders.flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  const [header = "x-request-id"] = requestIdHeaders;
  const id = { header, value: requestIdOf(new Headers(given), requestIdHeaders) };
  // The next call for this request finds the same id.
  setRequestId(headers, id);
  return id;
}

function setRequestId(headers: IncomingHttpHeaders, { header, value }: RequestId): void {
  headers[header] = value;
}

function reasonOf(error: unknown): string {
  return errorCode(error) ?? (error instanceof Error ? error.name : "unknown");
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
