import type { Logger } from "pino";
import type { Answer, Route } from "./preset.ts";
import { requestIdOf } from "./request-id.ts";
import { isSameKey } from "./secret-key.ts";

/** Answers HTTP requests without a framework. */
export type Handler = (request: Request) => Promise<Response>;

/** What a handler needs to know. */
export interface HandlerOptions {
  readonly routes: readonly Route[];
  /** Headers in which a request's id is taken; the first one is the answer's. */
  readonly requestIdHeaders: readonly string[];
  /** The key for guarded routes; without a `value` nobody gets in. Undefined leaves them open. */
  readonly key: { readonly header: string; readonly value: string | undefined } | undefined;
  readonly log: Logger;
  /** Field of the log with the request's id. */
  readonly traceField: string;
}

const NOT_FOUND: Answer = { status: 404, body: { error: "not found" } };
const NOT_ALLOWED: Answer = { status: 405, body: { error: "only GET and HEAD are answered" } };
const KEY_WRONG: Answer = { status: 401, body: { error: "the key is missing or wrong" } };
const BROKEN: Answer = { status: 500, body: { error: "internal error" } };

/** Answers the routes, gives every request an id and logs it in one line. */
export function createHandler(options: HandlerOptions): Handler {
  const { routes, requestIdHeaders, log, traceField } = options;
  const byPath = new Map(routes.map((it) => [it.path, it]));
  return async (request) => {
    const startMs = performance.now();
    const id = requestIdOf(request.headers, requestIdHeaders);
    // Only the path: a query may hold a secret.
    const path = new URL(request.url).pathname;
    const answer = await answerOf(byPath.get(path), { request, id, options });
    const ms = Math.round((performance.now() - startMs) * 100) / 100;
    const { method } = request;
    log.info({ path, method, status: answer.status, ms, [traceField]: id }, "http_request");
    return toResponse(answer, { method, idHeader: requestIdHeaders[0] ?? "x-request-id", id });
  };
}

async function answerOf(
  route: Route | undefined,
  { request, id, options }: { request: Request; id: string; options: HandlerOptions },
): Promise<Answer> {
  if (!route) return NOT_FOUND;
  if (request.method !== "GET" && request.method !== "HEAD") return NOT_ALLOWED;
  if (route.isGuarded === true && !mayPass(request, options.key)) return KEY_WRONG;
  try {
    const wantsJson = request.headers.get("accept")?.includes("application/json") ?? false;
    return await route.answer({ id, wantsJson });
  } catch (error) {
    options.log.error({ err: error, [options.traceField]: id }, "a health answer failed");
    return BROKEN;
  }
}

function mayPass({ headers }: Request, key: HandlerOptions["key"]): boolean {
  if (!key) return true;
  const given = headers.get(key.header);
  return given !== null && key.value !== undefined && isSameKey(given, key.value);
}

function toResponse(
  { status, body, contentType }: Answer,
  { method, idHeader, id }: { method: string; idHeader: string; id: string },
): Response {
  const headers = new Headers({
    "content-type": contentType ?? "application/json; charset=utf-8",
    "cache-control": "no-store",
    [idHeader]: id,
  });
  if (status === 405) headers.set("allow", "GET, HEAD");
  const text = contentType === undefined ? JSON.stringify(body) : String(body);
  return new Response(method === "HEAD" ? null : text, { status, headers });
}
