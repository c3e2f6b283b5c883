import type { IncomingHttpHeaders } from "node:http";
import type { Health } from "../health.ts";

/** What is used of a Fastify request. */
interface FastifyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** What is used of a Fastify reply. */
interface FastifyReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: unknown): unknown;
}

/** What is used of Fastify, so that an app without Fastify needs none of its types. */
interface FastifyApp {
  route(options: {
    method: "GET";
    url: string;
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  }): unknown;
}

/**
 * Plugin for Fastify: one route for each path of health, so that the app's own routes stay as they
 * are. HEAD comes with GET (`exposeHeadRoutes`).
 */
export function fastifyHealth({ handler, paths }: Pick<Health, "handler" | "paths">) {
  return async (app: FastifyApp): Promise<void> => {
    for (const url of paths) {
      app.route({
        method: "GET",
        url,
        handler: async (request, reply) => answer(await handler(toRequest(request)), reply),
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

async function answer(response: Response, reply: FastifyReply): Promise<unknown> {
  reply.code(response.status);
  for (const [name, value] of response.headers) reply.header(name, value);
  return reply.send(await response.text());
}
