import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import type { RequestListener } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Context, MiddlewareHandler } from "hono";
import type { Logger } from "pino";
import type * as z from "zod/mini";
import { kindOf } from "./contract/field.ts";
import { StoreError } from "./databases/sql-database.ts";

/**
 * What every HTTP answer of the runtime shares: errors, JSON, body limits, and how a Hono app is
 * served by Node. Each API is one Hono app; see `ops/app.ts` for the pattern.
 */

/** Longest JSON body of a request, in bytes: what an app or a person says is a few lines. */
export const BODY_BYTES_MAX = 64 * 1024;

/** Deepest nesting of a JSON body: schemas are checked and answers are written recursively. */
const DEPTH_MAX = 100;

/** Longest time for a JSON body to arrive, in milliseconds; a slower client loses its connection. */
const BODY_MS_MAX = 30_000;

/** The connection of a request; empty where there is none, as in a test. */
export interface Connection {
  readonly incoming?: {
    readonly socket: { readonly remoteAddress?: string | undefined };
    destroy(): unknown;
  };
}

/** Answers a request that came over a connection. */
export type FetchHandler = (
  request: Request,
  connection?: Connection,
) => Response | Promise<Response>;

/** An error whose status and message the client gets. A store that is away is a 503, any other error a 500 without details. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** The answer to an error that a handler threw. The message of a store contains no secret. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof StoreError) return new HttpError(503, error.message);
  return error instanceof HttpError ? error : new HttpError(500, "internal error");
}

/** The 405 for a path that answers other methods. */
export function methodNotAllowed(methods: readonly string[]): HttpError {
  const allowed = [...new Set(methods)];
  return new HttpError(405, `only ${allowed.join(" and ")} are answered here`, {
    allow: allowed.join(", "),
  });
}

/** A JSON answer that no cache keeps. */
export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store, max-age=0",
      pragma: "no-cache",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

/** Longest body of a request in bytes, and longest time for it to arrive. */
export interface BodyLimit {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * The JSON body of a request as the schema describes it; an empty body is `{}`.
 *
 * @throws HttpError 400 with every problem, 413 for a body that is too long
 */
export async function readJson<T extends z.ZodMiniType>(
  c: Pick<Context, "req" | "env">,
  schema: T,
  limit: BodyLimit = { bytes: BODY_BYTES_MAX, ms: BODY_MS_MAX },
): Promise<z.output<T>> {
  const result = schema.safeParse(parse(await readText(c, limit)));
  if (result.success) return result.data;
  throw new HttpError(400, result.error.issues.flatMap(problemsOf).join("; "));
}

async function readText({ req, env }: Pick<Context, "req" | "env">, limit: BodyLimit) {
  const { incoming }: Connection = env ?? {};
  const timer = setTimeout(() => incoming?.destroy(), limit.ms);
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  try {
    for await (const chunk of req.raw.body ?? []) {
      bytes += chunk.length;
      if (bytes > limit.bytes) break;
      text += decoder.decode(chunk, { stream: true });
    }
  } catch {
    throw new HttpError(400, "the body did not arrive completely");
  } finally {
    clearTimeout(timer);
  }
  if (bytes <= limit.bytes) return text + decoder.decode();
  throw new HttpError(413, `the body is longer than ${limit.bytes} bytes`);
}

/** A wrong format is described in the words of its schema. */
function problemsOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${[...path, key].join("/")}: is not known`);
  }
  const words = issue.code === "invalid_format" ? issue.message : kindOf(issue);
  return [path.length === 0 ? `the body: ${words}` : `${path.join("/")}: ${words}`];
}

function parse(text: string): unknown {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
  if (isDeep(value)) {
    throw new HttpError(400, `the body is nested deeper than ${DEPTH_MAX} levels`);
  }
  return value;
}

/** Whether it is nested too deep. Level by level, because recursion is what a deep value breaks. */
function isDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth <= DEPTH_MAX; depth += 1) {
    level = level.flatMap((it) => (typeof it === "object" && it !== null ? Object.values(it) : []));
    if (level.length === 0) return false;
  }
  return true;
}

/** A listener for `http.createServer` that answers with a handler, such as `fetch` of a Hono app. */
export function nodeListener(handler: FetchHandler): RequestListener {
  // Clients of HTTP/1.0 send no host. `Request` and `Response` of the process stay Node's own.
  return getRequestListener(handler, { hostname: "localhost", overrideGlobalObjects: false });
}

/** Longest request id: a UUID with prefixes fits, and so does a log line with it. */
const REQUEST_ID_LENGTH_MAX = 128;

/** Letters, digits and the usual separators: nothing that could end a header or a log line. */
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:+/=-]*$/;

/** The client's id of a request when it is well formed, else a new one. */
export function requestIdOf(headers: Headers, names: readonly string[]): string {
  for (const name of names) {
    const id = headers.get(name);
    if (id !== null && id.length <= REQUEST_ID_LENGTH_MAX && REQUEST_ID.test(id)) return id;
  }
  return randomUUID();
}

/** The id of a request, for its answer and its log lines. */
export interface TraceEnv {
  Variables: { requestId: string };
}

/** Where the id of a request comes from, and where it is logged. */
export interface TraceOptions {
  readonly log: Logger;
  /** Field of the log with the id. */
  readonly field: string;
  /** Headers from which the id is taken; the first one is set on the answer. */
  readonly headers: readonly string[];
}

/** Gives each request an id and logs it in one line with its status and duration. */
export function traceRequests<Env extends TraceEnv>(options: TraceOptions): MiddlewareHandler<Env> {
  const { log, field, headers } = options;
  return async (c, next) => {
    const startMs = performance.now();
    const id = requestIdOf(c.req.raw.headers, headers);
    c.set("requestId", id);
    await next();
    c.res.headers.set(headers[0] ?? "x-request-id", id);
    const ms = Math.round((performance.now() - startMs) * 100) / 100;
    const { method, path } = c.req;
    // Only the path: a query may hold a secret.
    log.info({ path, method, status: c.res.status, ms, [field]: id }, "http_request");
  };
}

/** The 404 for a name or path that does not exist, with those that do. */
export function unknownName(what: string, name: string, known: readonly string[]): HttpError {
  const there = [...new Set(known)].join(", ") || "none";
  const said = name === "" ? what : `${what} "${name}"`;
  return new HttpError(404, `there is no ${said}; there are: ${there}`);
}

/** Whether two keys are equal. The time that it takes does not depend on how much of them is equal. */
export function isSameKey(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** The comparison needs equal lengths. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The window of a rate limit: a sliding minute. */
const WINDOW_MS = 60_000;

/** Keys that are counted; the one that was used least recently is dropped for one more. */
const KEYS_MAX = 1000;

/** Counts events by key over a sliding minute, such as the wrong tokens of a client. */
export type RateLimit = ReturnType<typeof createRateLimit>;

/** A rate limit in the memory of this process. */
export function createRateLimit(now: () => Date) {
  const times = new Map<string, number[]>();
  const recent = (key: string): number[] =>
    (times.get(key) ?? []).filter((at) => now().getTime() - at < WINDOW_MS);
  return {
    /**
     * Counts an event for each key, unless one of them has its maximum.
     *
     * @throws HttpError 429 with `retry-after`
     */
    count: (limits: Readonly<Record<string, number>>, tooMany: string): void => {
      const waits = Object.entries(limits).map(([key, max]) => {
        const first = recent(key).at(-max);
        return first === undefined ? 0 : first + WINDOW_MS - now().getTime();
      });
      const seconds = Math.ceil(Math.max(...waits) / 1000);
      if (seconds > 0) {
        const headers = { "retry-after": String(seconds) };
        throw new HttpError(429, `${tooMany}: try again in ${seconds} s`, headers);
      }
      for (const key of Object.keys(limits)) {
        const counted = [...recent(key), now().getTime()];
        times.delete(key);
        times.set(key, counted);
      }
      const [oldest] = times.keys();
      if (times.size > KEYS_MAX && oldest !== undefined) times.delete(oldest);
    },
  };
}
