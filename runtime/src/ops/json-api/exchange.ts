import type * as z from "zod/mini";
import { kindOf } from "../../contract/field.ts";

/** Longest body of a request, in bytes: what an app has to say is a few lines. */
export const BODY_BYTES_MAX = 64 * 1024;

/** A request that gets a short answer instead of what it asked for. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** JSON that nobody keeps: what it says is true now and for who may read it. */
export function jsonAnswer(
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

/** Answers with the result, or with the refusal that was thrown on the way to it. */
export async function answerJson(
  work: () => Promise<Response>,
  onBroken: (error: unknown) => void,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) {
      return jsonAnswer(error.status, { error: error.message }, error.headers);
    }
    onBroken(error);
    return jsonAnswer(500, { error: "internal error" });
  }
}

/** The body as the schema describes it; every problem with it is one refusal. */
export async function readJson<T extends z.ZodMiniType>(
  request: Request,
  schema: T,
): Promise<z.output<T>> {
  const text = await request.text();
  if (text.length > BODY_BYTES_MAX) {
    throw new Refusal(413, `the body is longer than ${BODY_BYTES_MAX} bytes`);
  }
  const result = schema.safeParse(parse(text));
  if (result.success) return result.data;
  throw new Refusal(400, result.error.issues.flatMap(problemsOf).join("; "));
}

/** A form that a text should have is told in the words of its schema. */
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
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}

/** Refuses every other method of a path. */
export function requireMethod(request: Request, ...methods: readonly string[]): void {
  if (methods.includes(request.method)) return;
  throw new Refusal(405, `only ${methods.join(" and ")} are answered here`, {
    allow: methods.join(", "),
  });
}
