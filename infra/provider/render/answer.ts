/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/**
 * Render refused a request or did not answer. Decisions use `status` and `maybeDone`, never the
 * text.
 */
export class RenderError extends Error {
  override readonly name = "RenderError";
  readonly status: number | undefined;
  /** The request may have been executed although it failed. */
  readonly maybeDone: boolean;

  constructor(message: string, about: { status?: number; maybeDone: boolean; cause?: unknown }) {
    super(message, { cause: about.cause });
    this.status = about.status;
    this.maybeDone = about.maybeDone;
  }
}

/** Whether the resource does not exist. Forbidden is never not-found. */
export function isGone(error: unknown): boolean {
  return error instanceof RenderError && (error.status === 404 || error.status === 410);
}

/** Requires that a part of an answer is an object. */
export function objectOf(value: Json | undefined, what: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as JsonObject;
  throw new RenderError(`Render: ${what} should be an object in its answer.`, { maybeDone: false });
}

/** Requires that a part of an answer is a string. */
export function textOf(value: Json | undefined, what: string): string {
  if (typeof value === "string") return value;
  throw new RenderError(`Render: ${what} should be text in its answer.`, { maybeDone: false });
}

/** The member at a path of names; `undefined` when a part is missing. */
export function memberAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (at, key) =>
      typeof at === "object" && at !== null && !Array.isArray(at)
        ? (at as JsonObject)[key]
        : undefined,
    value,
  );
}

/** A copy of the object with a value at a path of names. */
export function withMember(object: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return object;
  const child = object[key];
  const inner =
    typeof child === "object" && child !== null && !Array.isArray(child)
      ? (child as JsonObject)
      : {};
  return { ...object, [key]: rest.length === 0 ? value : withMember(inner, rest, value) };
}

/** The result of a request: an answer, or none. */
export type Answer =
  | { readonly status: number; readonly body: Json; readonly headers: Headers }
  | { readonly lost: Error };

/** The error of a request, with the facts that decide about a retry. */
export function failureOf(doing: string, answer: Answer): RenderError {
  if ("lost" in answer) {
    const reason =
      answer.lost.cause instanceof Error ? answer.lost.cause.message : answer.lost.message;
    return new RenderError(`Render: could not ${doing}: no answer (${reason}).`, {
      maybeDone: true,
      cause: answer.lost,
    });
  }
  const { status, body } = answer;
  const said = messageOf(body);
  return new RenderError(`Render: could not ${doing}: HTTP ${status}${said && `: ${said}`}`, {
    status,
    maybeDone: status >= 500,
  });
}

function messageOf(body: Json): string {
  const message = memberAt(body, ["message"]);
  return typeof message === "string" ? message : "";
}
