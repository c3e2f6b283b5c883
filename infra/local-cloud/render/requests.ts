import type { Context } from "hono";

import { notFound } from "../api-error.ts";
import type { Cloud } from "../cloud.ts";
import type { Table } from "../state.ts";
import type { ServiceRecord } from "./records.ts";

/** The query of a request, in which filters may be repeated. */
export function queryOf(context: Context): URLSearchParams {
  return new URL(context.req.url).searchParams;
}

/** The rows of a table, newest first, which is the order of Render's lists. */
export function newestFirst<Row>(table: Table<Row>): Row[] {
  return Object.values(table).toReversed();
}

/** The row with that id, if there is one; the id may be any text that somebody sent. */
export function rowIfAny<Row>(table: Table<Row>, id: string): Row | undefined {
  return Object.hasOwn(table, id) ? table[id] : undefined;
}

/** The row with that id, or 404. */
export function rowById<Row>(table: Table<Row>, id: string): Row {
  const row = rowIfAny(table, id);
  if (!row) throw notFound(id);

  return row;
}

/** The service with that id, or 404. */
export function serviceById(cloud: Cloud, id: string): ServiceRecord {
  return rowById(cloud.state.services, id);
}
