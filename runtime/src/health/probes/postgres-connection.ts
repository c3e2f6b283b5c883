import { Socket } from "node:net";
import type { Client } from "pg";
import { parsePostgresUrl } from "../../databases/postgres/url.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { CheckError } from "../check.ts";

/** One connection to Postgres that is made when it is needed, and again after it was lost. */
export interface PostgresConnection {
  /** Rows of a query; when the signal is aborted the connection is dropped at once. */
  query(text: string, signal: AbortSignal): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** How the connection is named in `pg_stat_activity`, so that its owner is known. */
const APPLICATION_NAME = "opspec-health";

/** A client with the socket under it: a server that hangs is only got rid of by its socket. */
interface Held {
  readonly client: Client;
  readonly socket: Socket;
}

/** Opens nothing yet: the driver is loaded and the connection made by the first query. */
export function postgresConnection(urlEnv: string, env: Env): PostgresConnection {
  let held: Held | undefined;

  const drop = (): void => {
    held?.socket.destroy();
    held = undefined;
  };
  const connected = async (signal: AbortSignal): Promise<Client> => {
    if (held) return held.client;
    const opened = await openClient(urlEnv, env);
    held = opened;
    // A connection that ends while nobody asks is made anew by the next query.
    opened.client.on("error", () => held === opened && drop());
    signal.throwIfAborted();
    await opened.client.connect();
    return opened.client;
  };

  return {
    query: async (text, signal) => {
      signal.addEventListener("abort", drop, { once: true });
      try {
        const client = await connected(signal);
        const { rows } = await client.query<Record<string, unknown>>(text);
        return rows;
      } catch (error) {
        drop();
        throw error;
      } finally {
        signal.removeEventListener("abort", drop);
      }
    },
    close: async () => {
      const { client, socket } = held ?? {};
      held = undefined;
      client?.removeAllListeners("error").on("error", () => undefined);
      socket?.destroy();
    },
  };
}

async function openClient(urlEnv: string, env: Env): Promise<Held> {
  const url = valueOf(env, urlEnv);
  if (url === undefined) throw new CheckError(`${urlEnv} is not set`);
  const config = parsePostgresUrl(url, urlEnv);
  const { default: pg } = await import("pg");
  const socket = new Socket();
  const client = new pg.Client({
    ...config,
    application_name: APPLICATION_NAME,
    stream: () => socket,
  });
  return { client, socket };
}
