import type { Logger } from "pino";
import { EXIT } from "../contract/exit-code.ts";

/** What is still to be done when the process crashes, for so long at most. */
const LAST_WORDS_MS = 3_000;

/**
 * A crash is one line like everything else, and the process ends with 1.
 *
 * `lastWords` is given the error first: it records what was running. Node would print a stack over
 * many lines, with whatever values the message holds.
 */
export function logCrashes(log: Logger, lastWords: (error: unknown) => Promise<void>): void {
  let isCrashing = false;
  const crash = async (error: unknown): Promise<void> => {
    log.fatal({ err: asError(error) }, "crash");
    if (isCrashing) return;
    isCrashing = true;
    setTimeout(exit, LAST_WORDS_MS);
    try {
      await lastWords(error);
    } finally {
      exit();
    }
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
}

function exit(): never {
  process.exit(EXIT.failed);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
