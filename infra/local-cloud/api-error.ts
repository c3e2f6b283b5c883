/** The cloud says no: a status and the body that Render sends with it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The only error body that Render's recordings show: `not found: <id>`. */
export function notFound(id: string): ApiError {
  return new ApiError(404, `not found: ${id}`);
}

/** The request is understood and breaks a rule. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, message);
}

/** Something with that name or in that state is in the way. */
export function conflict(message: string): ApiError {
  return new ApiError(409, message);
}
