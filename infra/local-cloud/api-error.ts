/** An error answer: a status and Render's body for it. */
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

/** 400: the request breaks a rule. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, message);
}

/** 409: a resource with that name or in that state conflicts. */
export function conflict(message: string): ApiError {
  return new ApiError(409, message);
}
