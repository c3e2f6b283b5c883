import type { IncomingHttpHeaders } from "node:http";

/** What concerns one connection and must not be passed on to the next. @see RFC 9110, 7.6.1 */
const HOP_BY_HOP = [
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
];

/** Who sent the request over this connection. */
export interface Sender {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/** The id of a request and the header in which it travels. */
export interface RequestId {
  readonly header: string;
  readonly value: string;
}

/**
 * Makes a request's headers fit for the app, in place.
 *
 * What a platform's edge wrote into `X-Forwarded-*` is kept as it is: an app that trusts one proxy
 * takes the last address, which must stay the edge's view of the client. `Expect` was answered here.
 */
export function prepareRequest(headers: IncomingHttpHeaders, sender: Sender, id: RequestId): void {
  const isUpgrade = headers.upgrade?.toLowerCase() === "websocket";
  removeHopByHop(headers, isUpgrade ? ["upgrade"] : []);
  delete headers["expect"];
  if (isUpgrade) headers.connection = "Upgrade";
  else delete headers.upgrade;
  headers["x-forwarded-for"] ??= sender.address;
  headers["x-forwarded-proto"] ??= "http";
  headers["x-forwarded-host"] ??= headers.host;
  headers["x-forwarded-port"] ??= sender.port === undefined ? undefined : String(sender.port);
  headers[id.header] = id.value;
}

/** Makes an answer's headers fit for the client, in place. The length of the body stays framed as it was. */
export function prepareAnswer(headers: IncomingHttpHeaders, id: RequestId): void {
  removeHopByHop(headers, []);
  delete headers.upgrade;
  delete headers.connection;
  headers[id.header] = id.value;
}

function removeHopByHop(headers: IncomingHttpHeaders, kept: readonly string[]): void {
  const named = `${headers.connection ?? ""},${String(headers["proxy-connection"] ?? "")}`
    .split(",")
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== "" && token !== "close" && token !== "transfer-encoding");
  for (const name of [...HOP_BY_HOP, ...named]) {
    if (!kept.includes(name) && !isProtected(name)) delete headers[name];
  }
}

/** Naming a header in `Connection` must not take away what frames the body or what the edge vouches for. */
function isProtected(name: string): boolean {
  return name === "content-length" || name === "host" || name.startsWith("x-forwarded-");
}
