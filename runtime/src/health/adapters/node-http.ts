import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Answers a request that came over a connection from an address. */
export type ConnectionHandler = (
  request: Request,
  caller: { readonly address: string | undefined },
) => Promise<Response>;

/** How requests are taken. */
export interface ListenerOptions {
  /** Longest body of a request; a longer one is a 413. Without it bodies are not read. */
  readonly bodyBytesMax?: number;
  /** Longest that such a body may take to come; the connection of a slower one is cut. */
  readonly bodyLimitMs?: number;
  /** Whether a request's body is handed over as it comes, however long it is. */
  readonly takesStream?: (method: string, path: string) => boolean;
}

/** A few lines are there at once, on a bad line too: whoever takes longer holds a connection on purpose. */
const BODY_LIMIT_MS = 30_000;

/** A listener for `http.createServer` that answers with the handler. Bodies of answers are streamed. */
export function nodeListener(
  handler: ConnectionHandler,
  options: ListenerOptions = {},
): RequestListener {
  return (request, response) => {
    answer({ handler, ...options }, request, response).catch(() => {
      // The connection is gone, or the answer could not be written: there is nobody to tell.
      response.destroy();
    });
  };
}

interface Listener extends ListenerOptions {
  readonly handler: ConnectionHandler;
}

async function answer(
  listener: Listener,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const response = await respond(listener, incoming);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body) await pipeline(Readable.fromWeb(response.body), outgoing);
  else outgoing.end();
  // A body that nobody reads would keep the connection from being used again.
  incoming.resume();
  if (!outgoing.writableFinished && !outgoing.destroyed) await once(outgoing, "close");
}

async function respond(listener: Listener, incoming: IncomingMessage): Promise<Response> {
  const body = await bodyOf(listener, incoming);
  if (body === "too long") return refusal(413);
  const request = toRequest(incoming, body);
  if (!request) return refusal(400);
  return listener.handler(request, { address: incoming.socket.remoteAddress });
}

async function bodyOf(
  { bodyBytesMax = 0, bodyLimitMs = BODY_LIMIT_MS, takesStream }: Listener,
  incoming: IncomingMessage,
): Promise<Body> {
  const path = (incoming.url ?? "/").split("?", 1)[0] ?? "/";
  if (takesStream?.(incoming.method ?? "GET", path) === true) {
    // Who stops reading still wants to answer, so the connection must outlive that.
    return ReadableStream.from(incoming.iterator({ destroyOnReturn: false }));
  }
  if (bodyBytesMax === 0) return undefined;
  const timer = setTimeout(() => incoming.destroy(), bodyLimitMs);
  return readBody(incoming, bodyBytesMax).finally(() => clearTimeout(timer));
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: { "cache-control": "no-store" } });
}

type Bytes = Uint8Array<ArrayBuffer>;
type Body = Bytes | ReadableStream | "too long" | undefined;

async function readBody(
  incoming: IncomingMessage,
  bytesMax: number,
): Promise<Bytes | "too long" | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The rest of a body that is too long is read and dropped, so that the answer is received.
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
  }
  if (bytes > bytesMax) return "too long";
  return bytes === 0 ? undefined : Buffer.concat(chunks);
}

/** Undefined when the target or a header is not well formed. */
function toRequest(
  { method = "GET", url = "/", rawHeaders }: IncomingMessage,
  body: Bytes | ReadableStream | undefined,
): Request | undefined {
  try {
    const headers = new Headers();
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
    }
    // The host is not looked at, and a made-up one of the caller must not decide anything.
    const init = { method, headers, ...(body ? { body, duplex: "half" as const } : {}) };
    return new Request(new URL(url, "http://localhost"), init);
  } catch {
    return undefined;
  }
}
