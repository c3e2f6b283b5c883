import { badRequest, notFound } from "../api-error.ts";
import type { Cloud } from "../cloud.ts";
import type { ServiceRecord } from "./records.ts";
import type { Table } from "../state.ts";
import type { Context } from "hono";
import type { z } from "zod";

/** The query of a request, in which filters may be repeated. */
export function queryOf(context: Context): URLSearchParams {
  return new URL(context.req.url).searchParams;
}

/** The rows of a table, newest first, which is the order of Render's lists. */
export function newestFirst<Row>(table: Table<Row>): Row[] {
  return Object.values(table).toReversed();
}

/** The row with that id, if there is one; the id is unchecked input. */
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

/**
 * Reads and validates the body of a request; an empty one counts as `{}`. A field that is `null` or
 * empty counts as not given where that is not a value of its own.
 *
 * Unknown fields are dropped, or refused when the cloud is strict, because Render's behaviour is
 * unknown.
 */
export async function readBody<Schema extends z.ZodType>(
  context: Context,
  cloud: Cloud,
  schema: Schema,
): Promise<z.output<Schema>> {
  const sent = parsedJson(await bodyText(context));
  const { value, result } = parseGiven(schema, sent);
  if (!result.success) throw badRequest(`invalid request: ${issueText(result.error)}`);

  const unknown = cloud.state.settings.strict ? unknownFields(value, result.data) : [];
  if (unknown.length > 0) throw badRequest(`unknown fields: ${unknown.join(", ")}`);
  return result.data;
}

/** Fields inside fields that can become required when a blank one is dropped. */
const DEPTH_MAX = 8;

/** Drops the blank fields that the schema refuses, and parses the rest. */
function parseGiven<Schema extends z.ZodType>(schema: Schema, sent: unknown) {
  const value: unknown = structuredClone(sent);
  let result = schema.safeParse(value);
  for (let depth = 0; depth < DEPTH_MAX && !result.success; depth += 1) {
    const dropped = result.error.issues.filter(({ path }) => dropBlank(value, path));
    if (dropped.length === 0) break;
    result = schema.safeParse(value);
  }
  return { value, result };
}

/** Removes the field at a path if it is blank, and says whether it did. */
function dropBlank(value: unknown, path: readonly PropertyKey[]): boolean {
  const field = path.at(-1);
  const owner = path
    .slice(0, -1)
    .reduce<unknown>((it, key) => (isRecord(it) ? it[String(key)] : undefined), value);
  if (field === undefined || !isRecord(owner) || Array.isArray(owner)) return false;
  const found = owner[String(field)];
  return (found === null || found === "") && Reflect.deleteProperty(owner, field);
}

/** A client that disconnects before its body is complete is a bad request, not a bug of ours. */
function bodyText(context: Context): Promise<string> {
  return context.req.text().catch(() => {
    throw badRequest("the body could not be read");
  });
}

function parsedJson(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    throw badRequest("invalid JSON");
  }
}

function issueText(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
    .join("; ");
}

/** Paths of the fields that the schema dropped. */
function unknownFields(sent: unknown, parsed: unknown, path = ""): string[] {
  if (!isRecord(sent) || !isRecord(parsed)) return [];

  return Object.entries(sent).flatMap(([key, value]) => {
    const here = path ? `${path}.${key}` : key;
    return key in parsed ? unknownFields(value, parsed[key], here) : [here];
  });
}

/** Arrays count too; their keys are the indexes. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
/** A JSON answer as Render sends it: with a charset, and a newline at the end. */
export function answer(status: number, body: unknown): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

/** An answer without body and content type, as Render sends it. */
export function emptyAnswer(status: number): Response {
  return new Response(null, { status });
}
