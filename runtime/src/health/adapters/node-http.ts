import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Handler } from "../handler.ts";

/** How requests are taken. */
export interface ListenerOptions {
  /** Longest body of a request; a longer one is a 413. Without it bodies are not read. */
  readonly bodyBytesMax?: number;
}

/** A listener for `http.createServer` that answers with the handler. */
export function nodeListener(
  handler: Handler,
  { bodyBytesMax = 0 }: ListenerOptions = {},
): RequestListener {
  return (request, response) => {
    answer({ handler, bodyBytesMax }, request, response).catch(() => {
      // The connection is gone, or the answer could not be written: there is nobody to tell.
      response.destroy();
    });
  };
}

async function answer(
  { handler, bodyBytesMax }: { handler: Handler; bodyBytesMax: number },
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = bodyBytesMax === 0 ? undefined : await readBody(incoming, bodyBytesMax);
  const response = await respond(handler, incoming, body);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
  // A body that nobody reads would keep the connection from being used again.
  incoming.resume();
  if (!outgoing.writableFinished && !outgoing.destroyed) await once(outgoing, "close");
}

async function respond(handler: Handler, incoming: IncomingMessage, body: Body): Promise<Response> {
  if (body === "too long") return refusal(413);
  const request = toRequest(incoming, body);
  return request ? handler(request) : refusal(400);
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: { "cache-control": "no-store" } });
}

type Body = Uint8Array<ArrayBuffer> | "too long" | undefined;

async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<Body> {
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
  body: Uint8Array<ArrayBuffer> | undefined,
): Request | undefined {
  try {
    const headers = new Headers();
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
    }
    // The host is not looked at, and a made-up one of the caller must not decide anything.
    const init = { method, headers, ...(body ? { body } : {}) };
    return new Request(new URL(url, "http://localhost"), init);
  } catch {
    return undefined;
  }
}
