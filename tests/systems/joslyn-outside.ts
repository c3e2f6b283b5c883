import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { z } from "zod";

const Alert = z.looseObject({ kind: z.string(), title: z.string(), key: z.string().optional() });
const Posted = z.union([z.looseObject({ alerts: z.array(Alert) }), Alert]);

export type ReceivedAlert = z.infer<typeof Alert>;

/** The external services of joslyn-ai: the receiver of its alerts and the virus scanner. */
export interface JoslynOutside {
  readonly webhookUrl: string;
  /** All received alerts, including those of grouped messages. */
  readonly alerts: ReceivedAlert[];
  readonly clamavPort: number;
  /** Stops the scanner, and starts it again on its port. */
  stopScanner(): Promise<void>;
  startScanner(): Promise<void>;
  close(): Promise<void>;
}

/** Starts both. */
export async function startJoslynOutside(): Promise<JoslynOutside> {
  const alerts: ReceivedAlert[] = [];
  const inbox = createHttpServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    alerts.push(...alertsOf(JSON.parse(Buffer.concat(parts).toString())));
    response.end("ok");
  });
  const webhookPort = await listening(inbox, 0);
  let scanner = scannerServer();
  const clamavPort = await listening(scanner, 0);
  const stopScanner = async (): Promise<void> => closed(scanner);
  return {
    webhookUrl: `http://127.0.0.1:${webhookPort}/alerts`,
    alerts,
    clamavPort,
    stopScanner,
    startScanner: async () => {
      scanner = scannerServer();
      await listening(scanner, clamavPort);
    },
    close: async () => {
      inbox.closeAllConnections();
      await Promise.all([closed(inbox), stopScanner()]);
    },
  };
}

function alertsOf(body: unknown): ReceivedAlert[] {
  const posted = Posted.parse(body);
  const several = z.array(Alert).safeParse(posted["alerts"]);
  return several.success ? several.data : [Alert.parse(posted)];
}

/** ClamAV's answer to PING. */
function scannerServer(): Server {
  return createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end("PONG\0"));
  });
}

async function listening(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise((resolve) => server.close(resolve));
}
