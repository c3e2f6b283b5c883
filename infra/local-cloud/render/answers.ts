/** A JSON answer as Render sends it: with a charset, and a newline at the end. */
export function answer(status: number, body: unknown): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

/** An answer without a body, which at Render has no content type either. */
export function emptyAnswer(status: number): Response {
  return new Response(null, { status });
}
