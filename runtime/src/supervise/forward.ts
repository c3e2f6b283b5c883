import { type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import { startTimer } from "../run/timer.ts";
import type { Upstream } from "./upstream.ts";

/** Largest headers of a request and of an answer, in bytes; Node's default of 16 KB cuts real cookies. */
export const HEADER_BYTES_MAX = 64 * 1024;

/** How long the rest of an upload is read after an early answer, in ms, as nginx's `lingering_time`. */
const LINGER_MS = 30_000;

/** A request of a client and the answer to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Forwards a request to the app and its answer to the client. Rejects when the app gives no answer.
 *
 * An answer that arrives during the upload is forwarded; the rest of the body is read and dropped,
 * because many clients send all of it before they read.
 */
export async function forwardRequest(
  { request, response }: Exchange,
  { host, port }: Upstream,
  prepareAnswer: (answer: IncomingMessage) => void,
): Promise<void> {
  const { method, url: path, headers } = request;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const asked = httpRequest({
    host,
    port,
    method,
    path,
    headers,
    // Node ignores it when there is an agent, and uses a connection once when there is none.
    createConnection: () => new AppConnection().connect({ host, port, noDelay: true }),
    maxHeaderSize: HEADER_BYTES_MAX,
  });
  asked.maxHeadersCount = 0;
  response.once("close", () => {
    if (!response.writableFinished) asked.destroy();
    resolve();
  });
  asked.on("error", (error) => {
    request.unpipe(asked).resume();
    reject(error);
  });
  asked.once("response", (answer) => {
    prepareAnswer(answer);
    answer.once("error", () => response.destroy());
    answer.once("end", () => {
      request.unpipe(asked).resume();
      endAfterUpload({ request, response });
    });
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers);
    response.flushHeaders();
    answer.pipe(response, { end: false });
    resolve();
  });
  const hasBody = "content-length" in headers || "transfer-encoding" in headers;
  if (hasBody) {
    asked.flushHeaders();
    request.pipe(asked);
  } else asked.end();
  return promise;
}

/**
 * A connection whose reading goes on when a write fails.
 *
 * An app that rejects an upload answers and closes while the upload is still being sent. Node destroys
 * a socket at its first failed write, and with it the answer that already arrived. If the app gave no
 * answer, reading ends with an error.
 */
class AppConnection extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: () => void): void {
    super._write(chunk, encoding, () => done());
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: () => void): void {
    super._writev?.(chunks, () => done());
  }
}

/**
 * Ends the answer and drops the rest of an upload. Node closes a connection that is not kept with its
 * answer, so the upload would reset it before the client has read.
 */
export function endAfterUpload({ request, response }: Exchange): void {
  request.resume();
  if (request.complete || response.shouldKeepAlive) return void response.end();
  const end = (): void => void response.end();
  const timer = startTimer(LINGER_MS, end).unref();
  request.once("end", end);
  response.once("close", () => timer.stop());
}

/**
 * Turns a target in absolute form into the path and the host that it names.
 *
 * @see RFC 9112, 3.2.2 and 3.2.4
 */
export function useOriginForm(request: IncomingMessage): void {
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(request.url ?? "") ?? [];
  if (authority === undefined) return;
  const empty = request.method === "OPTIONS" ? "*" : "/";
  request.url = rest === "" ? empty : rest.startsWith("/") ? rest : `/${rest}`;
  request.headers.host = authority.slice(authority.lastIndexOf("@") + 1);
}
