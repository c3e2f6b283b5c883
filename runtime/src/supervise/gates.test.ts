import { EXIT } from "../contract/exit-code.ts";
import { isClosed, passGates, type Gate } from "./gates.ts";
import { StartRefused } from "./start-refused.ts";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A scanner that says what it is told to once it was asked correctly. */
function scanner(answer: string): Promise<number> {
  return listen(
    createServer((socket: Socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (data) => {
        if (String(data) === "zPING\0") socket.write(answer);
      });
    }),
  );
}

async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function pass(gate: Partial<Gate> & { kind: Gate["kind"] }, env: Record<string, string> = {}) {
  const warnings: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void warnings.push(line) });
  const gates = [{ name: "scanner", timeoutSeconds: 1, ...gate }];
  return passGates(gates, { env, log, signal: new AbortController().signal }).then(() => warnings);
}

async function refusal(promise: Promise<unknown>): Promise<StartRefused> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof StartRefused)) throw new Error("the start was not refused");
  return error;
}

const CLAMAV = {
  kind: "clamav",
  hostEnv: "CLAMAV_HOST",
  portEnv: "CLAMAV_PORT",
  failClosedEnv: "CLAMAV_FAIL_CLOSED",
} as const;

test("a scanner that answers PING with PONG lets the app start", async () => {
  const port = await scanner("PONG\0");

  await pass(CLAMAV, { CLAMAV_HOST: "127.0.0.1", CLAMAV_PORT: String(port) });
});

test("a scanner that comes up later is waited for", async () => {
  const port = await closedPort();
  const passing = pass({ kind: "tcp", host: "127.0.0.1", port, timeoutSeconds: 30 });
  const late = createServer();
  servers.push(late);
  setTimeout(() => late.listen(port, "127.0.0.1"), 700);

  await passing;
});

test("a scanner without a host stops the start, and is not tried again by the platform", async () => {
  const error = await refusal(pass(CLAMAV));

  expect(error.message).toBe(
    "app/gates/scanner: has no host. Set CLAMAV_HOST, or set CLAMAV_FAIL_CLOSED=0 to start without it.",
  );
  expect(error.exitCode).toBe(EXIT.configuration);
});

test("a scanner that does not answer stops the start for now", async () => {
  const env = { CLAMAV_HOST: "127.0.0.1", CLAMAV_PORT: String(await closedPort()) };

  const error = await refusal(pass(CLAMAV, env));

  expect(error.message).toContain("did not open within 1 s (ECONNREFUSED)");
  expect(error.exitCode).toBe(EXIT.temporary);
});

test("a scanner that hangs and one that says something else stop the start", async () => {
  const hanging = await listen(createServer());
  const wrong = await scanner("HTTP/1.1 400 Bad Request\r\n\r\n".repeat(4));

  const texts = await Promise.all(
    [hanging, wrong].map(async (port) => {
      const env = { CLAMAV_HOST: "127.0.0.1", CLAMAV_PORT: String(port) };
      return (await refusal(pass(CLAMAV, env))).message;
    }),
  );

  expect(texts[0]).toContain("no answer in time");
  expect(texts[1]).toContain("it did not answer PONG");
});

test("only 0 in the variable opens a gate that fails closed", async () => {
  const env = { CLAMAV_FAIL_CLOSED: "0" };

  expect(await pass(CLAMAV, env)).toHaveLength(1);
  for (const value of ["1", "false", "no", "off"]) {
    expect(isClosed({ name: "scanner", ...CLAMAV }, { CLAMAV_FAIL_CLOSED: value })).toBe(true);
  }
  expect(isClosed({ name: "scanner", ...CLAMAV }, {})).toBe(true);
  expect(isClosed({ name: "scanner", ...CLAMAV, fail: "open" }, {})).toBe(false);
  expect(isClosed({ name: "scanner", ...CLAMAV, fail: "open" }, { CLAMAV_FAIL_CLOSED: "1" })).toBe(
    true,
  );
});

test("an HTTP gate opens with a good answer and stays shut with an error", async () => {
  let status = 200;
  const port = await listen(
    createHttpServer((_request, response) => response.writeHead(status).end()),
  );
  const url = `http://127.0.0.1:${port}/`;

  await pass({ kind: "http", url });
  status = 503;

  expect((await refusal(pass({ kind: "http", url }))).message).toContain("HTTP 503");
});

test("every gate that is shut is named at once, and no address with a password is", async () => {
  const gates: Gate[] = [
    { name: "scanner", kind: "clamav" },
    { name: "queue", kind: "tcp", urlEnv: "REDIS_URL" },
    { name: "files", kind: "http", urlEnv: "S3", timeoutSeconds: 1 },
  ];
  const env = { REDIS_URL: "redis://:hunter2@cache", S3: "http://me:hunter2@127.0.0.1:1/" };
  const { signal } = new AbortController();

  const error = await refusal(passGates(gates, { env, log: pino({ enabled: false }), signal }));

  expect(error.problems.map((text) => text.split(":")[0])).toEqual([
    "app/gates/scanner",
    "app/gates/queue",
    "app/gates/files",
  ]);
  expect(error.message).not.toContain("hunter2");
});
