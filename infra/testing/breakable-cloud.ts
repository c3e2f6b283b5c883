import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { CloudState } from "../local-cloud/state.ts";
import { type TimelessCloud, timelessCloud } from "./timeless-cloud.ts";

/** A fault of one call: an error answer, no answer, or a reset connection. */
export type Break =
  | { readonly status: number }
  /** The call is not executed; `before` is called instead. */
  | { readonly before: () => void }
  /** The call is executed; then `after` is called, and the answer is lost. */
  | { readonly after: () => void }
  /** The call is executed, and the answer never arrives. */
  | "silence";

/**
 * A local cloud on a socket whose state can be restored and whose calls can fail.
 *
 * A call is `METHOD /path` with ids as `<srv>`, the name of the resource that a POST creates,
 * and a number from the second call on: `POST /v1/services shop`, `GET /v1/services/<srv> #2`.
 */
export interface BreakableCloud {
  state(): CloudState;
  /**
   * Restores a state at a new address, so that late calls to the old address have no effect.
   *
   * @returns the base address of Render's API
   */
  begin(state: CloudState): string;
  /** Breaks only these calls, counted from now. */
  breakCalls(breaks: ReadonlyMap<string, Break>): void;
  /** The calls since the last `breakCalls`. */
  calls(): string[];
  /** The broken ones among them. */
  broken(): string[];
  stop(): Promise<void>;
}

/** Starts a cloud on loopback. */
export async function startBreakableCloud(): Promise<BreakableCloud> {
  const timeless = timelessCloud();
  const { cloud } = timeless;
  let life = 0;
  let log = new CallLog(new Map());
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await buffer(incoming);
      const path = pathInLife(incoming, life);
      if (path === undefined) return void incoming.socket.resetAndDestroy();
      const how = log.add(callText(incoming.method, path, body));
      await answer({ incoming, outgoing, path, body, timeless }, how);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    state: () => cloud.state,
    begin: (state) => {
      life += 1;
      cloud.state = structuredClone(state);
      log = new CallLog(new Map());
      return `http://127.0.0.1:${port}/${life}/v1`;
    },
    breakCalls: (breaks) => {
      log = new CallLog(breaks);
    },
    calls: () => log.calls,
    broken: () => log.broken,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Calls in order, with the faults of some of them. */
class CallLog {
  readonly calls: string[] = [];
  readonly broken: string[] = [];
  readonly #breaks: ReadonlyMap<string, Break>;
  readonly #times = new Map<string, number>();

  constructor(breaks: ReadonlyMap<string, Break>) {
    this.#breaks = breaks;
  }

  add(text: string): Break | undefined {
    const times = (this.#times.get(text) ?? 0) + 1;
    this.#times.set(text, times);
    const call = times === 1 ? text : `${text} #${times}`;
    this.calls.push(call);
    const how = this.#breaks.get(call);
    if (how !== undefined) this.broken.push(call);
    return how;
  }
}

const ID = /\b([a-z]{3})-[0-9a-v]{20}(-[a-z])?/g;

function callText(method = "GET", path: string, body: Buffer): string {
  const text = `${method} ${path.replace(ID, "<$1>")}`;
  if (method !== "POST" || body.length === 0) return text;
  const { name } = JSON.parse(body.toString()) as { name?: string };
  return name === undefined ? text : `${text} ${name}`;
}

/** The path as Render knows it; `undefined` for a call to an earlier address. */
function pathInLife({ url = "" }: IncomingMessage, life: number): string | undefined {
  const prefix = `/${life}/`;
  return url.startsWith(prefix) ? url.slice(prefix.length - 1) : undefined;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly path: string;
  readonly body: Buffer;
  readonly timeless: TimelessCloud;
}

async function answer(exchange: Exchange, how: Break | undefined): Promise<void> {
  const { incoming, outgoing } = exchange;
  const isObject = typeof how === "object";
  if (isObject && "status" in how) {
    outgoing.writeHead(how.status, { "content-type": "application/json", "retry-after": "0" });
    return void outgoing.end(JSON.stringify({ message: "injected" }));
  }
  if (isObject && "before" in how) {
    how.before();
    return void incoming.socket.resetAndDestroy();
  }
  const response = await carryOut(exchange);
  if (how === "silence") return;
  if (isObject) {
    how.after();
    return void incoming.socket.resetAndDestroy();
  }
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

function carryOut({ incoming, path, body, timeless }: Exchange): Promise<Response> {
  const { method = "GET", headers } = incoming;
  const { authorization = "", "content-type": type = "" } = headers;
  return timeless.send(`http://127.0.0.1${path}`, {
    method,
    headers: { authorization, ...(type && { "content-type": type }) },
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
}
