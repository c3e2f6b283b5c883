import type { Context } from "hono";
import type { z } from "zod";

import { badRequest } from "../api-error.ts";
import type { Cloud } from "../cloud.ts";

/**
 * The checked body of a request; an empty one counts as `{}`.
 *
 * Unknown fields are dropped, or refused when the cloud is strict: what Render does with them is unproven.
 */
export async function readBody<Schema extends z.ZodType>(
  context: Context,
  cloud: Cloud,
  schema: Schema,
): Promise<z.output<Schema>> {
  const value = parsedJson(await bodyText(context));
  const result = schema.safeParse(value);
  if (!result.success) throw badRequest(`invalid request: ${issueText(result.error)}`);

  const unknown = cloud.state.settings.strict ? unknownFields(value, result.data) : [];
  if (unknown.length > 0) throw badRequest(`unknown fields: ${unknown.join(", ")}`);
  return result.data;
}

/** A client that is gone before its body is complete made a bad request, not a bug of ours. */
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

/** Paths that the schema has dropped: in the body as sent, not in the body as parsed. */
function unknownFields(sent: unknown, parsed: unknown, path = ""): string[] {
  if (!isRecord(sent) || !isRecord(parsed)) return [];

  return Object.entries(sent).flatMap(([key, value]) => {
    const here = path ? `${path}.${key}` : key;
    return key in parsed ? unknownFields(value, parsed[key], here) : [here];
  });
}

/** Arrays count too: their keys are the positions. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
