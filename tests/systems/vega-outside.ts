import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A mail request to SendGrid. */
export interface SentMail {
  readonly subject: string;
  readonly from: { readonly email: string };
  readonly personalizations: readonly { readonly to: readonly { readonly email: string }[] }[];
  readonly content: readonly { readonly type: string; readonly value: string }[];
  readonly attachments?: readonly { readonly filename: string }[];
}

/** The external services of vega-cockpit on one loopback port: Google Sheets, SendGrid and a webhook. */
export interface VegaOutside {
  readonly url: string;
  /** The cockpit's variables with the addresses and keys. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The tabs of the sheet, each with a header row. */
  readonly sheet: Map<string, readonly (readonly string[])[]>;
  readonly mails: SentMail[];
  readonly posts: { readonly type?: string; readonly payload?: Record<string, unknown> }[];
  /** Sets SendGrid's next answers. */
  mailStatus: number;
  close(): Promise<void>;
}

/** Starts them. SendGrid requires the returned key, and the sheet requires a token of this stand-in. */
export async function startVegaOutside(): Promise<VegaOutside> {
  const server = createServer(async (incoming, outgoing) => {
    const body = await textOf(incoming);
    const { status, body: answer } = answerOf(outside, incoming, body);
    outgoing.writeHead(status, { "content-type": "application/json" });
    outgoing.end(answer === undefined ? "" : JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const outside: VegaOutside = {
    url,
    secrets: secretsOf(url),
    sheet: new Map(),
    mails: [],
    posts: [],
    mailStatus: 202,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return outside;
}

const TOKEN = "sheet-token-of-the-test";

function secretsOf(url: string): Record<string, string> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const account = {
    type: "service_account",
    client_email: "cockpit@example.com",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    token_uri: `${url}/token`,
  };
  return {
    SENDGRID_API_KEY: "SG.key-of-the-test",
    SENDGRID_BASE_URL: url,
    WEBHOOK_URL: `${url}/hook/words-of-the-test`,
    SHEETS_KEY: "sheet-of-the-test",
    SHEETS_BASE_URL: url,
    GSPREAD_CREDENTIALS: JSON.stringify(account),
  };
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

function answerOf(
  outside: VegaOutside,
  { url = "", headers }: IncomingMessage,
  body: string,
): Answer {
  const { authorization } = headers;
  if (url === "/token") return { status: 200, body: { access_token: TOKEN, expires_in: 3600 } };
  const range = /^\/v4\/spreadsheets\/sheet-of-the-test\/values\/([^!]+)!/.exec(
    decodeURIComponent(url),
  )?.[1];
  if (range !== undefined) {
    if (authorization !== `Bearer ${TOKEN}`) return { status: 401 };
    return { status: 200, body: { values: outside.sheet.get(range) ?? [] } };
  }
  if (url === "/v3/mail/send") {
    if (authorization !== `Bearer ${outside.secrets["SENDGRID_API_KEY"]}`) return { status: 401 };
    if (outside.mailStatus === 202) outside.mails.push(JSON.parse(body));
    return { status: outside.mailStatus };
  }
  if (!url.startsWith("/hook/")) return { status: 404 };
  outside.posts.push(JSON.parse(body));
  return { status: 200 };
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  return Buffer.concat(parts).toString();
}
