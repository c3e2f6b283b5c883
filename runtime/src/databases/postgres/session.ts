import { Socket } from "node:net";
import type { ClientConfig } from "pg";

import { CheckError } from "../../health/check.ts";
import { StoreError } from "../../state/stores/store-error.ts";
import { POSTGRES_ANSWER_MS, type PostgresRow } from "./database.ts";

/** One connection whose session matters: an advisory lock lasts as long as it. */
export interface Session {
  /** Rows of one statement; one that takes longer than the limit ends the session. */
  query(
    verb: string,
    text: string,
    options?: { values?: readonly unknown[]; limitMs?: number },
  ): Promise<PostgresRow[]>;
  /** Aborted when it is over, by us or by anybody else. */
  readonly over: AbortSignal;
  /** Ends it as the server expects it, which frees its locks. */
  end(): Promise<void>;
  /** Ends it at once, without telling a server that may not answer. */
  destroy(): void;
}

/** Connects. */
export async function openSession(where: string, config: ClientConfig): Promise<Session> {
  const { Client } = await import("pg");
  // Our own socket, because a server that hangs is only got rid of by closing it.
  const socket = new Socket();
  const client = new Client({ ...config, stream: () => socket });
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
        return (await client.query<PostgresRow>(text, [...values])).rows;
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
