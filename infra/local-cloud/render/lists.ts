import { createHash } from "node:crypto";

import { badRequest } from "../api-error.ts";

/** Render's page sizes. */
const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;

/** Bytes before the key in a cursor: four for the position, four of noise. */
const CURSOR_HEAD_BYTES = 8;

/** How one kind of row is listed. */
export interface Listing<Row> {
  /** Name of the row in its envelope: `{"cursor": …, "<noun>": …}`. */
  readonly noun: string;
  /** The unique key of a row: an id or a name. */
  readonly key: (row: Row) => string;
  readonly view: (row: Row) => unknown;
}

/** One row in its envelope. */
export type Envelope = Record<string, unknown> & { readonly cursor: string };

/** The page for the query's `cursor` and `limit`; after the end of the list it is empty. */
export function listPage<Row>(
  rows: readonly Row[],
  query: URLSearchParams,
  listing: Listing<Row>,
): Envelope[] {
  return pageOf(envelopes(rows, listing), query);
}

/** All rows in envelopes, for the answers to a PUT that replaces a collection. */
export function envelopes<Row>(
  rows: readonly Row[],
  { noun, key, view }: Listing<Row>,
): Envelope[] {
  return rows.map((row, index) => ({ cursor: cursorOf(key(row), index), [noun]: view(row) }));
}

/** The same page without envelopes, for Render's few lists that are bare arrays. */
export function barePage<Row>(
  rows: readonly Row[],
  query: URLSearchParams,
  listing: Omit<Listing<Row>, "noun">,
): unknown[] {
  return listPage(rows, query, { ...listing, noun: "row" }).map((it) => it["row"]);
}

/**
 * Whether a row passes a repeatable filter (`?name=a&name=b`); without the filter every row does.
 */
export function isWanted(
  query: URLSearchParams,
  filter: string,
  value: string | undefined,
): boolean {
  const wanted = query.getAll(filter).filter((it) => it !== "");
  return wanted.length === 0 || (value !== undefined && wanted.includes(value));
}

/**
 * Whether a time passes the filters `<name>Before` and `<name>After`; a missing time passes
 * neither.
 */
export function isWithin(query: URLSearchParams, name: string, at: string | null): boolean {
  const before = instant(query, `${name}Before`);
  const after = instant(query, `${name}After`);
  if (before === undefined && after === undefined) return true;
  if (at === null) return false;

  const atMs = Date.parse(at);
  return (before === undefined || atMs < before) && (after === undefined || atMs > after);
}

/** The instant in a query parameter, in milliseconds. */
export function instant(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;

  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw badRequest(`invalid ${name}: not an ISO 8601 time`);
  return atMs;
}

/** The `limit` of a query, within Render's bounds. */
export function pageLimit(query: URLSearchParams): number {
  const limit = Number(query.get("limit") || LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    throw badRequest(`invalid limit: must be between 1 and ${LIMIT_MAX}`);
  }
  return limit;
}

function pageOf(all: readonly Envelope[], query: URLSearchParams): Envelope[] {
  const limit = pageLimit(query);
  const cursor = query.get("cursor");
  const start = cursor ? indexAfter(all, cursor) : 0;

  return all.slice(start, start + limit);
}

function indexAfter(all: readonly Envelope[], cursor: string): number {
  const { key, index } = decodedCursor(cursor);
  const found = all.findIndex((it) => decodedCursor(it.cursor).key === key);

  // The row was deleted between two pages, so its successor is at its position now.
  return found === -1 ? index : found + 1;
}

function cursorOf(key: string, index: number): string {
  const position = Buffer.alloc(4);
  position.writeUInt32BE(index);
  const noise = createHash("sha256").update(key).digest().subarray(0, 4);

  return Buffer.concat([position, noise, Buffer.from(key)]).toString("base64");
}

function decodedCursor(cursor: string): { key: string; index: number } {
  const bytes = Buffer.from(cursor, "base64");
  if (bytes.length <= CURSOR_HEAD_BYTES) throw badRequest("invalid cursor");

  return { key: bytes.subarray(CURSOR_HEAD_BYTES).toString(), index: bytes.readUInt32BE() };
}
