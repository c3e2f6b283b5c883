import { errorWords } from "../health/error-words.ts";

/** What a store is called in messages, and what was being done. */
interface Failure {
  /** Name of the variable with its URL, or its path. */
  readonly where: string;
  /** Such as `store the run record`. */
  readonly verb: string;
  /** What is likely to help. */
  readonly remedy?: string | undefined;
}

/**
 * A store or a lock did not do what it was asked: away, full, or not permitted.
 *
 * Another try may help. It carries no cause, because drivers write hosts, users and URLs into
 * their errors, and a log line shows causes.
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /** The driver's code, such as ECONNREFUSED or 42501. */
  readonly code: string | undefined;

  constructor({ where, verb, remedy }: Failure, cause: unknown) {
    super(`${where}: could not ${verb}: ${errorWords(cause)}. ${remedy ?? REMEDY}`);
    this.code =
      cause instanceof Error && "code" in cause && typeof cause.code === "string"
        ? cause.code
        : undefined;
  }
}

const REMEDY = "See whether it is up and whether this process may use it.";
