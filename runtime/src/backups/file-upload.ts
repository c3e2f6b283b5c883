import { once } from "node:events";
import { createReadStream } from "node:fs";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

/** One read of an upload: it is never in memory as a whole. */
const READ_BYTES = 256 * 1024;

/**
 * Sends a file as the body of a PUT and gives the answer.
 *
 * Not by `fetch`, which reads a stream as fast as the disk gives it: measured with a file of 600 MB,
 * all of it was in memory.
 */
export async function putFile(
  url: URL,
  headers: Headers,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<Response> {
  const start = url.protocol === "https:" ? requestHttps : requestHttp;
  const request = start(url, { method: "PUT", headers: Object.fromEntries(headers), signal });
  // A server that refuses answers before it has read all, and then closes: its answer counts.
  request.on("error", () => undefined);
  const answered = once(request, "response", { signal });
  pipeline(createReadStream(path, { highWaterMark: READ_BYTES }), request).catch(() => undefined);
  const [answer]: IncomingMessage[] = await answered;
  if (!answer) throw new Error("unreachable: a response comes with its message");
  const headersSaid = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" ? [[name, value]] : [],
  );
  const body = await buffer(answer);
  // A status without a body must not be given one.
  const content = body.length > 0 ? new Uint8Array(body) : null;
  return new Response(content, { status: answer.statusCode ?? 0, headers: headersSaid });
}
