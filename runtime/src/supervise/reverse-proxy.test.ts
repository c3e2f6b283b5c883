import { startReverseProxy, type ReverseProxy } from "./reverse-proxy.ts";
import type { Upstream } from "./upstream.ts";
import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

let proxy: ReverseProxy | undefined;
let app: Server | undefined;
afterEach(async () => {
  await proxy?.close(0);
  app?.closeAllConnections();
  app?.close();
  proxy = app = undefined;
});

async function serveApp(listener: RequestListener): Promise<Upstream> {
  app = createServer(listener).listen(0, "127.0.0.1");
  await once(app, "listening");
  return { host: "127.0.0.1", port: (app.address() as AddressInfo).port };
}

const lines: string[] = [];

async function serveProxy(upstream: Upstream | undefined): Promise<string> {
  lines.length = 0;
  proxy = await startReverseProxy({
    port: 0,
    isOwn: (path) => path === "/healthz",
    own: (_request, response) => response.end("alive"),
    upstream: () => upstream,
    requestIdHeaders: ["x-request-id"],
    traceField: "request_id",
    log: pino({}, { write: (line: string) => void lines.push(line) }),
  });
  return `http://127.0.0.1:${proxy.port}`;
}

/** Sends what fetch would not let through, and says what came back. */
async function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number | undefined; headers: IncomingMessage["headers"]; body: string }> {
  const asked = request(url, { agent: false, ...options });
  asked.end(options.body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

test("before the app is up its paths are a 503 with Retry-After while the runtime's own answer", async () => {
  const url = await serveProxy(undefined);

  const [page, health] = await Promise.all([ask(`${url}/page`), ask(`${url}/healthz?deep=1`)]);

  expect(page.status).toBe(503);
  expect(page.headers["retry-after"]).toBe("2");
  expect(health.body).toBe("alive");
});

test("what the app says passes as it is, redirects, cookies and errors included", async () => {
  const upstream = await serveApp((asked, response) => {
    response.writeHead(302, {
      location: "http://elsewhere.example.com/x",
      "set-cookie": ["a=1; Path=/", "b=2"],
    });
    response.end(`${asked.method} ${asked.url} ${asked.headers.host}`);
  });
  const url = await serveProxy(upstream);

  const answer = await ask(`${url}/a%2Fb/../c?q=%20`, { headers: { host: "shop.example.com" } });

  expect(answer.status).toBe(302);
  expect(answer.headers.location).toBe("http://elsewhere.example.com/x");
  expect(answer.headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2"]);
  expect(answer.body).toContain("GET ");
  expect(answer.body).toContain("shop.example.com");
});

test("bodies stream both ways: the app sees the first byte before the last is sent, and so does the client", async () => {
  const upstream = await serveApp((asked, response) => {
    response.writeHead(200);
    asked.on("data", (chunk: Buffer) => response.write(chunk));
    asked.on("end", () => response.end());
  });
  const url = await serveProxy(upstream);
  const asked = request(url, { method: "POST", agent: false });

  asked.write("first");
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const [first] = (await once(answer, "data")) as [Buffer];
  const block = Buffer.alloc(1024 * 1024, "x");
  let received = 0;
  answer.on("data", (chunk: Buffer) => (received += chunk.length));
  for (let sent = 0; sent < 64; sent += 1) {
    if (!asked.write(block)) await once(asked, "drain");
  }
  asked.end();
  await once(answer, "end");

  expect(String(first)).toBe("first");
  expect(received).toBe(64 * block.length);
});

test("a client that goes away is gone for the app too", async () => {
  const { promise: gone, resolve } = Promise.withResolvers<boolean>();
  const upstream = await serveApp((_asked, response) => {
    response.write("begun");
    response.once("close", () => resolve(response.writableFinished));
  });
  const url = await serveProxy(upstream);
  const asked = request(url, { agent: false });
  asked.on("error", () => undefined);
  asked.end();
  await once(asked, "response");

  asked.destroy();

  expect(await gone).toBe(false);
  await expect.poll(() => lines.join("")).toContain('"cut":true');
});

test("an app that dies in the middle of an answer cuts the client's answer, not the proxy", async () => {
  const upstream = await serveApp((asked, response) => {
    if (asked.url === "/later") response.end("fine");
    else response.write("begun", () => response.socket?.destroy());
  });
  const url = await serveProxy(upstream);

  await expect(ask(`${url}/now`)).rejects.toThrow(/aborted/);
  expect((await ask(`${url}/later`)).body).toBe("fine");
});

test("an app that refuses connections is a 502", async () => {
  const url = await serveProxy({ host: "127.0.0.1", port: 1 });

  expect((await ask(url)).status).toBe(502);
});

test("headers of one connection do not leak to the next, in neither direction", async () => {
  const upstream = await serveApp((asked, response) => {
    response.writeHead(200, {
      connection: "keep-alive, x-internal",
      "keep-alive": "timeout=99",
      "x-internal": "secret",
      "proxy-authenticate": "Basic",
      upgrade: "h2c",
      "x-kept": "yes",
    });
    response.end(JSON.stringify(asked.headers));
  });
  const url = await serveProxy(upstream);

  const answer = await ask(url, {
    headers: {
      connection: "close, x-hop, x-forwarded-for",
      "x-hop": "1",
      te: "trailers",
      "keep-alive": "1",
      "proxy-authorization": "Basic YTpi",
      "x-forwarded-for": "203.0.113.7",
      authorization: "Bearer kept",
    },
  });

  const seen: Record<string, string> = JSON.parse(answer.body);
  for (const name of ["x-hop", "te", "keep-alive", "proxy-authorization", "upgrade"]) {
    expect(seen).not.toHaveProperty(name);
  }
  expect(seen["authorization"]).toBe("Bearer kept");
  expect(seen["x-forwarded-for"]).toBe("203.0.113.7");
  expect(answer.headers["x-kept"]).toBe("yes");
  for (const name of ["x-internal", "proxy-authenticate", "upgrade"]) {
    expect(answer.headers).not.toHaveProperty(name);
  }
  expect(answer.headers["keep-alive"]).not.toBe("timeout=99");
});

test("a request's id is taken when well formed, made when not, echoed, passed on and logged", async () => {
  const upstream = await serveApp((asked, response) => {
    response.end(String(asked.headers["x-request-id"]));
  });
  const url = await serveProxy(upstream);

  const given = await ask(`${url}/a?token=hunter2`, { headers: { "x-request-id": "trace-1" } });
  const bad = await ask(url, { headers: { "x-request-id": "<script> " } });

  expect(given.headers["x-request-id"]).toBe("trace-1");
  expect(given.body).toBe("trace-1");
  expect(bad.body).toMatch(/^[0-9a-f-]{36}$/);
  expect(bad.headers["x-request-id"]).toBe(bad.body);
  await expect.poll(() => lines.length).toBe(2);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    msg: "http_request",
    request_id: "trace-1",
    method: "GET",
    path: "/a",
    status: 200,
  });
  expect(lines.join("")).not.toContain("hunter2");
});

test("the app learns who asked: the edge's word where there is one, else the connection", async () => {
  const upstream = await serveApp((asked, response) => response.end(JSON.stringify(asked.headers)));
  const url = await serveProxy(upstream);

  const direct = JSON.parse((await ask(url)).body);
  const behind = JSON.parse(
    (
      await ask(url, {
        headers: { "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https" },
      })
    ).body,
  );

  expect(direct["x-forwarded-for"]).toContain("127.0.0.1");
  expect(direct["x-forwarded-proto"]).toBe("http");
  expect(behind["x-forwarded-for"]).toBe("203.0.113.7");
  expect(behind["x-forwarded-proto"]).toBe("https");
});

test("a request that offers another protocol than websocket is answered as a request", async () => {
  const upstream = await serveApp((_asked, response) => response.end("page"));
  const url = await serveProxy(upstream);

  const answer = await ask(url, {
    headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c" },
  });

  expect(answer.body).toBe("page");
});

test("websockets pass, and close on both sides when one goes", async () => {
  const upstream = await serveApp((_asked, response) => response.end());
  const sockets = new WebSocketServer({ server: app });
  sockets.on("connection", (socket, asked) => {
    socket.send(String(asked.headers["x-request-id"]));
    socket.on("message", (data) => socket.send(`echo ${String(data)}`));
  });
  const url = await serveProxy(upstream);
  const client = new WebSocket(`${url.replace("http", "ws")}/live`, {
    headers: { "x-request-id": "ws-1" },
  });
  const messages: string[] = [];
  client.on("message", (data) => {
    messages.push(String(data));
    if (messages.length === 1) client.send("hello");
  });

  await expect.poll(() => messages).toEqual(["ws-1", "echo hello"]);
  const closed = once(client, "close");
  for (const socket of sockets.clients) socket.terminate();
  await closed;

  const second = new WebSocket(`${url.replace("http", "ws")}/live`);
  await once(second, "open");
  second.terminate();
  await expect.poll(() => sockets.clients.size).toBe(0);
  sockets.close();
});

test("a websocket before the app is up is a 503, and one that the app refuses gets its answer", async () => {
  const url = await serveProxy(undefined);
  const early = connect(Number(new URL(url).port), "127.0.0.1");
  early.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  expect(await text(early)).toMatch(/^HTTP\/1.1 503 [^]*Retry-After: 2/);
  await proxy?.close(0);

  const upstream = await serveApp(() => undefined);
  app?.on("upgrade", (_asked, socket) => {
    socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nnope");
  });
  const client = new WebSocket((await serveProxy(upstream)).replace("http", "ws"));
  client.on("error", () => undefined);
  const [, answer] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];

  expect(answer.statusCode).toBe(401);
  expect(await text(answer)).toBe("nope");
});
