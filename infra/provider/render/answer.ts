/** Anything that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Render answered no, or did not answer. Decisions are made on `status` and `maybeDone`, never on the text. */
export class RenderError extends Error {
  override readonly name = "RenderError";
  readonly status: number | undefined;
  /** The request may have been carried out although it failed. */
  readonly maybeDone: boolean;

  constructor(message: string, about: { status?: number; maybeDone: boolean; cause?: unknown }) {
    super(message, { cause: about.cause });
    this.status = about.status;
    this.maybeDone = about.maybeDone;
  }
}

/** Is the thing gone? Forbidden is never not-found. */
export function isGone(error: unknown): boolean {
  return error instanceof RenderError && (error.status === 404 || error.status === 410);
}

/** A part of an answer that must be an object. */
export function objectOf(value: Json | undefined, what: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as JsonObject;
  throw new RenderError(`Render: ${what} should be an object in its answer.`, { maybeDone: false });
}

/** A part of an answer that must be text. */
export function textOf(value: Json | undefined, what: string): string {
  if (typeof value === "string") return value;
  throw new RenderError(`Render: ${what} should be text in its answer.`, { maybeDone: false });
}

/** The member at a path of names; `undefined` where anything on the way is missing. */
export function memberAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (at, key) =>
      typeof at === "object" && at !== null && !Array.isArray(at)
        ? (at as JsonObject)[key]
        : undefined,
    value,
  );
}

/** The same object with a value put at a path of names. */
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

/** What came of a request: an answer, or none. */
export type Answer =
  | { readonly status: number; readonly body: Json; readonly headers: Headers }
  | { readonly lost: Error };

/** The failure of what was being done, in words, with what decides whether it is tried again. */
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
