/** Number of calls kept: more than the largest stack makes in one `up`. */
const REQUESTS_MAX = 10_000;

/** The status of a call whose connection was cut by a fault: there was no answer. */
export const CUT_STATUS = 0;

/** One call to a vendor's API, without headers and body, because both contain secrets. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  /** The query as it was sent, without the question mark. */
  readonly query: string;
  /** Status of the answer, or `CUT_STATUS`. */
  readonly status: number;
  /** The cloud's time, ISO 8601. */
  readonly at: string;
  /** How long the answer took. */
  readonly ms: number;
}

/** The latest calls, oldest first. */
export interface RequestLog {
  readonly add: (request: LoggedRequest) => void;
  readonly clear: () => void;
  readonly entries: () => readonly LoggedRequest[];
}

/** An empty log. */
export function createRequestLog(): RequestLog {
  const entries: LoggedRequest[] = [];

  return {
    add(request) {
      entries.push(request);
      if (entries.length > REQUESTS_MAX) entries.shift();
    },
    clear() {
      entries.length = 0;
    },
    entries: () => entries,
  };
}
