import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Formatted cells of a tab; the first row names the columns. */
export type Cells = readonly (readonly string[])[];

/** A stand-in for Google: tokens for a service account, and values of sheets. */
export interface GoogleSheets {
  readonly url: string;
  /** The content of a service account's JSON file. */
  readonly credentials: string;
  /** By sheet id and range. Tests change them, as an admin does. */
  readonly tabs: Map<string, Cells>;
  /** Requested ranges, in order. */
  readonly asked: string[];
  /** Whether every read fails with 503. */
  isAway: boolean;
  close(): Promise<void>;
}

/** Path of the values of a range. @see https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values/get */
const VALUES = /^\/v4\/spreadsheets\/([^/]+)\/values\/([^/?]+)$/;

/** Length of Google's own keys, in bits. */
const KEY_BITS = 2048;

/** Starts a stand-in without tabs. */
export async function startGoogleSheets(): Promise<GoogleSheets> {
  const server = createServer((request, response) => void answer(google, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const google: GoogleSheets = {
    url,
    credentials: credentialsFor(url),
    tabs: new Map(),
    asked: [],
    isAway: false,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return google;
}

/** A key of a tab in `tabs`. */
export function tabOf(sheet: string, range: string): string {
  return `${sheet} ${range}`;
}

function credentialsFor(url: string): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: KEY_BITS });
  return JSON.stringify({
    client_email: "reader@example.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    token_uri: `${url}/token`,
  });
}

function answer(google: GoogleSheets, request: IncomingMessage, response: ServerResponse): void {
  const say = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const path = request.url ?? "";
  if (path === "/token") return say(200, { access_token: "token-of-a-test", expires_in: 3600 });
  const [, sheet = "", range = ""] = VALUES.exec(path) ?? [];
  const wanted = decodeURIComponent(range);
  google.asked.push(wanted);
  if (google.isAway) return say(503, { error: { status: "UNAVAILABLE" } });
  const values = google.tabs.get(tabOf(decodeURIComponent(sheet), wanted));
  // Google reports a missing tab as a range that cannot be parsed.
  return values ? say(200, { values }) : say(400, { error: { status: "INVALID_ARGUMENT" } });
}
