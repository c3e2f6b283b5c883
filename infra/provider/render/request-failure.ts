import { type Json, memberAt, RenderError } from "./answer.ts";

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
