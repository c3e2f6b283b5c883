import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { serve } from "@hono/node-server";
import fastify from "fastify";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { scratchHealth } from "../../testing/scratch-health.ts";
import { fastifyHealth, honoHealth } from "./adapters.ts";
import { nodeListener } from "../http.ts";

/** Starts a framework's server with health in it and a page of the app's own, and gives its URL. */
const FRAMEWORKS: Record<string, (health: ReturnType<typeof made>) => Promise<string>> = {
  "node:http": async (health) => {
    const listener = nodeListener(health.handler);
    const server = createServer((request, response) => {
      if (request.url === "/app") response.end("the app");
      else listener(request, response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.closeAllConnections());
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  hono: async (health) => {
    const app = new Hono()
      .use(honoHealth(health))
      .get("/app", (context) => context.text("the app"));
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  fastify: async (health) => {
    const app = fastify();
    await app.register(fastifyHealth(health));
    app.get("/app", async () => "the app");
    onTestFinished(() => app.close());
    return app.listen({ port: 0, host: "127.0.0.1" });
  },
};

function made() {
  const { health } = scratchHealth({ metricsKeyEnv: "KEY" }, { env: { KEY: "k" } });
  return health;
}

test.each(Object.keys(FRAMEWORKS))(
  "%s answers health and leaves the app its pages",
  async (name) => {
    const url = (await FRAMEWORKS[name]?.(made())) ?? "";

    const live = await fetch(`${url}/healthz`, { headers: { "x-request-id": "req-7" } });
    const app = await fetch(`${url}/app`);
    const metrics = await fetch(`${url}/metrics`, { headers: { "x-internal-key": "k" } });
    const closed = await fetch(`${url}/metrics`);
    const head = await fetch(`${url}/health?x=1`, { method: "HEAD" });
    const nowhere = await fetch(`${url}/nowhere`);

    expect([live.status, await live.json()]).toEqual([200, { ok: true }]);
    expect(live.headers.get("x-request-id")).toBe("req-7");
    expect(live.headers.get("cache-control")).toBe("no-store");
    expect(await app.text()).toBe("the app");
    expect(await metrics.text()).toContain("opspec_ready 1");
    expect([closed.status, head.status, nowhere.status]).toEqual([401, 200, 404]);
  },
);

test("a request target that is no path gets a 400, and the server lives on", async () => {
  const url = (await FRAMEWORKS["node:http"]?.(made())) ?? "";
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());

  socket.write("GET http://[bad HTTP/1.1\r\nHost: x\r\n\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];

  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});
