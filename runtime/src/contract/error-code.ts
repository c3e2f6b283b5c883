/** The `code` of an error of Node, Postgres or another library, for example ENOENT or 42P01. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
