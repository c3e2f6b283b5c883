import { openDatabase } from "../../databases/postgres/database.ts";
import { ensureTable, SCHEMA } from "../../databases/postgres/tables.ts";
import type { Env } from "../../contract/env.ts";
import type { SharedDocument } from "./document.ts";
import { untilItWorks } from "./until-it-works.ts";

const TABLE = `${SCHEMA}.opspec_documents`;

const DDL = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    name text PRIMARY KEY, version bigint NOT NULL, text text NOT NULL
  );`;

const READ = `SELECT version, text FROM ${TABLE} WHERE name = $1`;

const FIRST = `
  INSERT INTO ${TABLE} (name, version, text) VALUES ($1, $2::bigint + 1, $3)
  ON CONFLICT (name) DO NOTHING RETURNING version`;

const NEXT = `
  UPDATE ${TABLE} SET version = version + 1, text = $3
  WHERE name = $1 AND version = $2::bigint RETURNING version`;

/** A document in a table of ours. */
export async function openPostgresDocument(
  urlEnv: string,
  env: Env,
  name: string,
): Promise<SharedDocument> {
  const database = await openDatabase(urlEnv, env);
  const ready = untilItWorks(() => ensureTable(database.query, "opspec_documents", DDL));
  return {
    isKept: true,
    read: async () => {
      await ready();
      const [row] = await database.query(`read ${name}`, READ, [name]);
      if (!row) return { version: 0, text: undefined };
      return { version: Number(row["version"]), text: String(row["text"]) };
    },
    replace: async (version, text) => {
      await ready();
      const statement = version === 0 ? FIRST : NEXT;
      return (await database.query(`write ${name}`, statement, [name, version, text])).length > 0;
    },
    close: () => database.close(),
  };
}
