import { Socket } from "node:net";
import type { Client, ClientConfig } from "pg";

import { type Env, valueOf } from "../../contract/env.ts";
import { CheckError } from "../../health/error-words.ts";
import { StoreError } from "../store-error.ts";
import type { Row } from "../sql-database.ts";
import { POSTGRES_ANSWER_MS } from "./database.ts";
import { parsePostgresUrl } from "./url.ts";

/** One connection whose session matters: an advisory lock lasts as long as it. */
export interface Session {
  /** Rows of one statement; one that takes longer than the limit ends the session. */
  query(
    verb: string,
    text: string,
    options?: { values?: readonly unknown[]; limitMs?: number },
  ): Promise<Row[]>;
  /** Aborted when it is over, by us or by anybody else. */
  readonly over: AbortSignal;
  /** Ends it as the server expects it, which frees its locks. */
  end(): Promise<void>;
  /** Ends it at once, without telling a server that may not answer. */
  destroy(): void;
}

/** Connects. */
export async function openSession(where: string, config: ClientConfig): Promise<Session> {
  const { client, socket } = await createClient(config);
  const over = new AbortController();
  client.on("error", () => over.abort());
  client.on("end", () => over.abort());
  const destroy = () => {
    over.abort();
    socket.destroy();
  };
  try {
    await client.connect();
  } catch (error) {
    destroy();
    throw new StoreError({ where, verb: "connect" }, error);
  }
  return {
    over: over.signal,
    destroy,
    query: async (verb, text, { values = [], limitMs = POSTGRES_ANSWER_MS } = {}) => {
      let late: CheckError | undefined;
      const limit = setTimeout(() => {
        late = new CheckError(`no answer within ${limitMs} ms`);
        destroy();
      }, limitMs);
      try {
        return (await client.query<Row>(text, [...values])).rows;
      } catch (error) {
        throw new StoreError({ where, verb }, late ?? error);
      } finally {
        clearTimeout(limit);
      }
    },
    end: async () => {
      if (over.signal.aborted) return;
      const limit = setTimeout(destroy, POSTGRES_ANSWER_MS);
      await client.end().catch(() => {});
      clearTimeout(limit);
      over.abort();
    },
  };
}

/** A connection for probes: an aborted signal drops it at once, and the next query connects again. */
export interface ProbedPostgres {
  query(text: string, signal: AbortSignal): Promise<Row[]>;
  close(): Promise<void>;
}

interface PostgresClient {
  readonly client: Client;
  readonly socket: Socket;
}

/** Opens nothing yet: the first query loads the driver and connects. */
export function postgresConnection(urlEnv: string, env: Env): ProbedPostgres {
  let held: PostgresClient | undefined;
  const drop = (): void => {
    held?.socket.destroy();
    held = undefined;
  };
  const connected = async (signal: AbortSignal): Promise<Client> => {
    if (held) return held.client;
    const url = valueOf(env, urlEnv);
    if (url === undefined) throw new CheckError(`${urlEnv} is not set`);
    const config = parsePostgresUrl(url, urlEnv);
    const opened = await createClient({ ...config, application_name: "opspec-health" });
    held = opened;
    // A connection that ends while it is idle is replaced by the next query.
    opened.client.on("error", () => held === opened && drop());
    signal.throwIfAborted();
    await opened.client.connect();
    return opened.client;
  };
  return {
    query: async (text, signal) => {
      signal.addEventListener("abort", drop, { once: true });
      try {
        return (await (await connected(signal)).query<Row>(text)).rows;
      } catch (error) {
        drop();
        throw error;
      } finally {
        signal.removeEventListener("abort", drop);
      }
    },
    close: async () => drop(),
  };
}

/** A client with its own socket: only closing the socket frees a server that hangs. */
async function createClient(config: ClientConfig): Promise<PostgresClient> {
  const { Client: PgClient } = await import("pg");
  const socket = new Socket();
  return { client: new PgClient({ ...config, stream: () => socket }), socket };
}
