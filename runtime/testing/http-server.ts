import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { afterEach } from "vitest";

/** A request that a test server received. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** The answer of a test server; `hang` never answers. */
export type TestAnswer =
  | { status?: number; headers?: Record<string, string>; body?: unknown }
  | "hang";

/** An HTTP server on loopback that is closed after the test. */
export interface TestHttpServer {
  readonly url: string;
  readonly seen: SeenRequest[];
}

/** Starts a server with this answer to each request. */
export async function startHttpServer(
  answer: (request: SeenRequest) => TestAnswer,
): Promise<TestHttpServer> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await readRequest(incoming);
    seen.push(request);
    send(outgoing, answer(request));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  OPEN.add(server);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen };
}

const OPEN = new Set<ReturnType<typeof createServer>>();

afterEach(async () => {
  for (const server of OPEN) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  OPEN.clear();
});

async function readRequest(incoming: IncomingMessage): Promise<SeenRequest> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  const { method = "", url = "", headers } = incoming;
  return { method, url, headers, body: Buffer.concat(parts).toString() };
}

function send(outgoing: ServerResponse, answer: TestAnswer): void {
  if (answer === "hang") return;
  const { status = 200, headers = {}, body = "" } = answer;
  outgoing.writeHead(status, headers);
  outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
}
