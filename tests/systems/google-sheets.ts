import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Cells of a tab, as a person sees them; the first row names the columns. */
export type Cells = readonly (readonly string[])[];

/** A stand-in for Google on this machine: tokens for a service account, and the values of sheets. */
export interface GoogleSheets {
  readonly url: string;
  /** What a service account's JSON file holds. */
  readonly credentials: string;
  /** By the sheet's id and the range. A test changes them as an admin would. */
  readonly tabs: Map<string, Cells>;
  /** Ranges that were asked for, in order. */
  readonly asked: string[];
  /** Whether every read is answered with 503. */
  isAway: boolean;
  close(): Promise<void>;
}

/** Where the values of a range are. @see https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values/get */
const VALUES = /^\/v4\/spreadsheets\/([^/]+)\/values\/([^/?]+)$/;

/** Length that Google's own keys have, in bits. */
const KEY_BITS = 2048;

/** Starts a stand-in that knows no tab yet. */
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
  // A range of a tab that is not there cannot be parsed, for Google.
  return values ? say(200, { values }) : say(400, { error: { status: "INVALID_ARGUMENT" } });
}
