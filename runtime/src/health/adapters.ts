import type { IncomingHttpHeaders } from "node:http";
import type { Health } from "./health.ts";

/** What is used of Hono's context, so that an app without Hono needs none of its types. */
interface HonoContext {
  readonly req: { readonly raw: Request; readonly path: string };
}

/** Middleware for Hono: answers the paths of health and passes on everything else. */
export function honoHealth({ handler, paths }: Pick<Health, "handler" | "paths">) {
  return async (context: HonoContext, next: () => Promise<void>): Promise<Response | undefined> => {
    if (paths.has(context.req.path)) return handler(context.req.raw);
    await next();
    return undefined;
  };
}

/** What is used of a Fastify request. */
interface FastifyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** What is used of Fastify, so that an app without Fastify needs none of its types. */
interface FastifyApp {
  route(options: {
    method: "GET";
    url: string;
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  }): unknown;
}

/** What is used of a Fastify reply. */
interface FastifyReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: unknown): unknown;
}

/**
 * Plugin for Fastify: one route for each path of health, so that the app keeps its own routes. HEAD
 * comes with GET (`exposeHeadRoutes`).
 */
export function fastifyHealth({ handler, paths }: Pick<Health, "handler" | "paths">) {
  return async (app: FastifyApp): Promise<void> => {
    for (const url of paths) {
      app.route({
        method: "GET",
        url,
        handler: async (request, reply) => {
          const response = await handler(toRequest(request));
          reply.code(response.status);
          for (const [name, value] of response.headers) reply.header(name, value);
          return reply.send(await response.text());
        },
      });
    }
  };
}

function toRequest({ method, url, headers: given }: FastifyRequest): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    for (const it of [value ?? []].flat()) headers.append(name, it);
  }
  return new Request(new URL(url, "http://localhost"), { method, headers });
}
