import type { IncomingHttpHeaders } from "node:http";
import type { Health } from "./health.ts";

// Both adapters name what they use of a framework, so that an app needs none of the other's types.

/** Middleware for Hono: answers the paths of health and passes on everything else. */
export function honoHealth({ handler, paths }: Pick<Health, "handler" | "paths">) {
  return async (
    { req }: { readonly req: { readonly raw: Request; readonly path: string } },
    next: () => Promise<void>,
  ): Promise<Response | undefined> =>
    paths.has(req.path) ? handler(req.raw) : void (await next());
}

type FastifyRequest = Readonly<Record<"method" | "url", string>> & {
  readonly headers: IncomingHttpHeaders;
};

interface FastifyReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: unknown): unknown;
}

interface FastifyApp {
  route(options: {
    method: "GET";
    url: string;
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  }): unknown;
}

/**
 * Plugin for Fastify: one route for each path of health, so that the app keeps its own routes. HEAD
 * comes with GET (`exposeHeadRoutes`).
 */
export function fastifyHealth({ handler, paths }: Pick<Health, "handler" | "paths">) {
  return async (app: FastifyApp): Promise<void> => {
    for (const path of paths) {
      app.route({
        method: "GET",
        url: path,
        handler: async ({ method, url, headers }, reply) => {
          const pairs = Object.entries(headers).flatMap(([name, value]) =>
            [value ?? []].flat().map((it): [string, string] => [name, it]),
          );
          const request = new Request(new URL(url, "http://localhost"), { method, headers: pairs });
          const response = await handler(request);
          reply.code(response.status);
          for (const [name, value] of response.headers) reply.header(name, value);
          return reply.send(await response.text());
        },
      });
    }
  };
}
