import { type Context, Hono } from "hono";
import type { Logger } from "pino";
import { ConfigurationError } from "../contract/configuration-error.ts";
import type { Answer, Route } from "./preset.ts";
import { isSameKey, requestIdOf } from "../http.ts";

/** Answers HTTP requests in any server that speaks the web's Request and Response. */
export type Handler = (request: Request) => Promise<Response>;

/** What the answers depend on. */
export interface HandlerOptions {
  readonly routes: readonly Route[];
  /** Headers from which a request's id is taken; the first one is set on the answer. */
  readonly requestIdHeaders: readonly string[];
  /** Key of guarded routes: without it they are open, without its `value` closed to everybody. */
  readonly key: { readonly header: string; readonly value: string | undefined } | undefined;
  readonly log: Logger;
  /** Field of the log with the request's id. */
  readonly traceField: string;
}

/** The id of the request, for the answer and its log line. */
type HealthEnv = { Variables: { id: string } };

const NOT_FOUND: Answer = { status: 404, body: { error: "not found" } };
const NOT_ALLOWED: Answer = { status: 405, body: { error: "only GET and HEAD are answered" } };
const KEY_WRONG: Answer = { status: 401, body: { error: "the key is missing or wrong" } };
const BROKEN: Answer = { status: 500, body: { error: "internal error" } };

/** Answers the routes, gives every request an id and logs it in one line. */
export function createHandler(options: HandlerOptions): Handler {
  const { routes, requestIdHeaders, key, log, traceField } = options;
  const [idHeader = "x-request-id"] = requestIdHeaders;
  const respond = (c: Context<HealthEnv>, answer: Answer): Response =>
    toResponse(answer, { [idHeader]: c.get("id") });
  const app = new Hono<HealthEnv>();
  app.use(async (c, next) => {
    const startMs = performance.now();
    const id = requestIdOf(c.req.raw.headers, requestIdHeaders);
    c.set("id", id);
    await next();
    const ms = Math.round((performance.now() - startMs) * 100) / 100;
    const { method, path } = c.req;
    // Only the path: a query may hold a secret.
    log.info({ path, method, status: c.res.status, ms, [traceField]: id }, "http_request");
  });
  for (const { path, isGuarded = false, answer } of routes) {
    app.get(path, async (c) => {
      if (isGuarded && !hasKey(c.req.raw, key)) return respond(c, KEY_WRONG);
      const wantsJson = c.req.header("accept")?.includes("application/json") ?? false;
      return respond(c, await answer({ id: c.get("id"), wantsJson }));
    });
    app.all(path, (c) => respond(c, NOT_ALLOWED));
  }
  app.notFound((c) => respond(c, NOT_FOUND));
  app.onError((error, c) => {
    log.error({ err: error, [traceField]: c.get("id") }, "a health answer failed");
    return respond(c, BROKEN);
  });
  return async (request) => app.fetch(request);
}

function hasKey({ headers }: Request, key: HandlerOptions["key"]): boolean {
  if (!key) return true;
  const given = headers.get(key.header);
  return given !== null && key.value !== undefined && isSameKey(given, key.value);
}

function toResponse({ status, body, contentType }: Answer, ids: Record<string, string>): Response {
  const headers = {
    "content-type": contentType ?? "application/json; charset=utf-8",
    "cache-control": "no-store",
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
    ...ids,
  };
  return new Response(contentType === undefined ? JSON.stringify(body) : String(body), {
    status,
    headers,
  });
}

/** Moves routes to the manifest's paths. Throws when it names an unknown route or a path twice. */
export function placeRoutes(
  routes: readonly Route[],
  paths: Readonly<Record<string, string>>,
): Route[] {
  const placed = routes.map((it) => ({ ...it, path: paths[it.name] ?? it.path }));
  const names = routes.map((it) => it.name);
  const unknown = Object.keys(paths).filter((name) => !names.includes(name));
  const twice = placed.filter((it, at) => placed.findIndex(({ path }) => path === it.path) < at);
  const problems = [
    ...unknown.map((name) => ({
      where: `health/paths/${name}`,
      message: "there is no such answer.",
      remedy: `There are: ${names.join(", ")}.`,
    })),
    ...twice.map(({ name, path }) => ({
      where: `health/paths/${name}`,
      message: `${path} is another answer's path.`,
      remedy: "Give each answer a path of its own.",
    })),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  return placed;
}
