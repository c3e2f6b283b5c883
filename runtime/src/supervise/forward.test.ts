import { startReverseProxy } from "./reverse-proxy.ts";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { collectLog } from "../../testing/log-lines.ts";
import { HEADER_BYTES_MAX } from "./forward.ts";

/** An app that answers with what it received, and a proxy in front of it. */
async function scene(listener: RequestListener) {
  const app = createHttpServer({ maxHeaderSize: 2 * HEADER_BYTES_MAX }, listener);
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  onTestFinished(() => {
    app.closeAllConnections();
    app.close();
  });
  return { app, ...(await proxyOf((app.address() as AddressInfo).port)) };
}

/** An app that gets the bare connection. */
async function rawScene(answer: (socket: Socket) => void) {
  const app = createServer((socket) => {
    socket.on("error", () => undefined);
    answer(socket);
  });
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  onTestFinished(() => void app.close());
  return proxyOf((app.address() as AddressInfo).port);
}

async function proxyOf(appPort: number) {
  const { log, lines } = collectLog();
  const proxy = await startReverseProxy({
    port: 0,
    isOwn: (path) => path === "/healthz",
    own: (_request, response) => response.end("alive"),
    upstream: () => ({ host: "127.0.0.1", port: appPort }),
    requestIdHeaders: ["x-request-id"],
    traceField: "request_id",
    log,
  });
  onTestFinished(() => proxy.close(0));
  return { port: proxy.port, lines };
}

/** Sends bytes and resolves to all bytes that come back until the connection closes. */
async function send(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes, "latin1");
  return text(socket);
}

const echo: RequestListener = (request, response) =>
  response.end(JSON.stringify({ url: request.url, headers: request.headers }));

function bodyOf(answer: string): { url: string; headers: Record<string, string> } {
  return JSON.parse(/\{.*\}/.exec(answer)?.[0] ?? "{}");
}

test("a request of HTTP/1.0 without Host is forwarded, and its answer is not chunked", async () => {
  const { port } = await scene((request, response) => {
    response.write(String(request.headers["x-forwarded-for"]));
    response.end();
  });

  const answer = await send(port, "GET /old HTTP/1.0\r\n\r\n");

  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(answer).toMatch(/\r\n\r\n127\.0\.0\.1$/);
  expect(answer.toLowerCase()).not.toContain("transfer-encoding");
});

test("headers up to the limit pass in both directions, also more than 2000 of them", async () => {
  const { port } = await scene((request, response) => {
    const count = request.rawHeaders.length / 2;
    response.setHeader("x-large", "y".repeat(HEADER_BYTES_MAX - 1000));
    response.end(`${count} headers, ${request.headers["x-large"]?.length}`);
  });
  const many = "a: b\r\n".repeat(2500);
  const large = `x-large: ${"x".repeat(HEADER_BYTES_MAX - many.length - 1000)}\r\n`;

  const answer = await send(
    port,
    `GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${many}${large}\r\n`,
  );

  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).toContain(`headers, ${large.length - 11}`);
  expect(/x-large: (y+)/.exec(answer)?.[1]).toHaveLength(HEADER_BYTES_MAX - 1000);
});

test("larger headers are logged: of a request as 431, of an answer as 502", async () => {
  const { port, lines } = await scene((_request, response) => {
    response.setHeader("x-large", "y".repeat(HEADER_BYTES_MAX));
    response.end();
  });
  const large = `x-large: ${"x".repeat(HEADER_BYTES_MAX)}\r\n`;

  const ofRequest = await send(port, `GET / HTTP/1.1\r\nhost: a\r\n${large}\r\n`);
  const ofAnswer = await send(port, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");

  expect(ofRequest).toMatch(/^HTTP\/1.1 431 /);
  expect(ofAnswer).toMatch(/^HTTP\/1.1 502 /);
  const messages = lines.map(({ msg }) => msg);
  expect(messages).toContain("the headers of the request are larger than 64 KB");
  expect(messages).toContain("the headers of the app's answer are larger than 64 KB");
});

test.each([
  ["reads nothing and closes", 0],
  ["closes in the middle of the upload", 300_000],
])(
  "the early answer of an app that %s reaches the client",
  async (_what, readBytes) => {
    const { port } = await rawScene((socket) => {
      let bytes = 0;
      let isAnswered = false;
      socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes < readBytes || isAnswered) return;
        isAnswered = true;
        socket.pause();
        // Closing with unread bytes resets the connection.
        const head =
          "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\n";
        socket.write(`${head}large`, () => setTimeout(() => socket.destroy(), 20));
      });
    });
    const uploads = Array.from({ length: 40 }, () => upload(port, 20));

    const answers = await Promise.all(uploads);

    expect([...new Set(answers.map((answer) => answer.split("\r\n", 1)[0]))]).toEqual([
      "HTTP/1.1 413 Content Too Large",
    ]);
    expect(answers.every((answer) => answer.endsWith("large"))).toBe(true);
  },
  120_000,
);

/** An app in a process of its own, which answers the first bytes and closes at once. */
const HASTY_APP = `
const head = "HTTP/1.1 413 Content Too Large\\r\\nConnection: close\\r\\nContent-Length: 5\\r\\n\\r\\n";
const server = require("node:net").createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", () => {
    socket.pause();
    socket.write(head + "large", () => socket.destroy());
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

test("the early answer reaches the client when writing fails before it is read", async () => {
  const app = spawn(process.execPath, ["-e", HASTY_APP], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void app.kill());
  const [appPort] = (await once(app.stdout, "data")) as [Buffer];
  const { port } = await proxyOf(Number(appPort));

  const answers = await Promise.all(Array.from({ length: 40 }, () => upload(port, 20)));

  expect(answers.filter((answer) => !/^HTTP\/1.1 413 [^]*large$/.test(answer))).toEqual([]);
}, 120_000);

/** Sends a body completely before it reads the answer, as many clients do. */
async function upload(port: number, megabytes: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const length = megabytes * 1024 * 1024;
  socket.write(
    `POST /up HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n`,
  );
  const block = Buffer.alloc(1024 * 1024, "x");
  for (let sent = 0; sent < megabytes; sent += 1) {
    if (!socket.write(block)) await once(socket, "drain");
  }
  return text(socket);
}

test("an app that answers before the first byte of the body is heard", async () => {
  const { port } = await scene((_request, response) => {
    response.writeHead(401).end("no");
  });
  const socket = connect(port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n");

  const [first] = (await once(socket, "data")) as [Buffer];
  socket.destroy();

  expect(String(first)).toMatch(/^HTTP\/1.1 401 /);
});

test.each([
  ["OPTIONS * HTTP/1.1", "*", "from.header"],
  ["OPTIONS http://shop.example.com HTTP/1.1", "*", "shop.example.com"],
  ["OPTIONS http://shop.example.com/ HTTP/1.1", "/", "shop.example.com"],
  [
    "GET http://shop.example.com:81/a/../b?c=http://d HTTP/1.1",
    "/a/../b?c=http://d",
    "shop.example.com:81",
  ],
  ["GET HTTPS://me:pw@shop.example.com?c=1 HTTP/1.1", "/?c=1", "shop.example.com"],
  ["GET //a/b HTTP/1.1", "//a/b", "from.header"],
])("%s asks the app for %s of %s", async (line, url, host) => {
  const { port } = await scene(echo);

  const answer = await send(port, `${line}\r\nhost: from.header\r\nconnection: close\r\n\r\n`);

  expect(bodyOf(answer)).toMatchObject({ url, headers: { host, "x-forwarded-host": host } });
});

test("the runtime's own paths are its own in absolute form too", async () => {
  const { port } = await scene(echo);

  const head = "GET http://a/healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

  expect(await send(port, head)).toMatch(/alive/);
});

test.each(["1.0", "1.1"])(
  "Connection of the client is not echoed to it (HTTP/%s)",
  async (version) => {
    const { port } = await scene((_request, response) => {
      response.setHeader("connection", "close, x-app");
      response.setHeader("x-app", "internal");
      response.end("page");
    });

    const answer = await send(
      port,
      `GET / HTTP/${version}\r\nhost: a\r\nconnection: close, x-mine\r\nx-mine: 1\r\n\r\n`,
    );

    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(answer).not.toMatch(/x-mine|x-app/i);
  },
);

test("Connection of an app that upgrades or refuses a websocket stays with the app", async () => {
  const { app, port } = await scene(echo);
  app.on("upgrade", ({ url }, socket) => {
    const status = url === "/no" ? "403 Forbidden" : "101 Switching Protocols";
    const length = url === "/no" ? "Content-Length: 0\r\n" : "Upgrade: websocket\r\n";
    const named = "Connection: Upgrade, X-App\r\nX-App: internal\r\nX-Kept: yes\r\n";
    socket.end(`HTTP/1.1 ${status}\r\n${named}${length}\r\n`);
  });
  const ask = (path: string) =>
    send(
      port,
      `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`,
    );

  const [accepted, refused] = [await ask("http://a/yes"), await ask("/no")];

  expect(accepted).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/);
  expect(accepted).toMatch(/\r\nconnection: upgrade\r\n/i);
  expect(accepted).toMatch(/\r\nupgrade: websocket\r\n/i);
  expect(refused).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/);
  for (const answer of [accepted, refused]) {
    expect(answer).toMatch(/x-kept: yes/i);
    expect(answer).not.toMatch(/x-app/i);
  }
});

test("an app that never answers keeps no upload of a client that left", async () => {
  let open = 0;
  const { port } = await rawScene((socket) => {
    open += 1;
    socket.resume().on("close", () => (open -= 1));
  });
  const socket = connect(port, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\nabc");
  await expect.poll(() => open).toBe(1);

  await sleep(20);
  socket.destroy();

  await expect.poll(() => open).toBe(0);
});
